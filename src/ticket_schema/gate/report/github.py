"""Workflow commands of GitHub Actions, which put each finding beside its line."""

from __future__ import annotations

from pathlib import Path

from ticket_schema.gate.finding import Report, Severity
from ticket_schema.gate.report.place import counted, looked_at, relative

_COMMANDS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.NOTE: "notice"}


def render(report: Report, root: Path) -> str:
    """Returns a report as workflow commands, one a line.

    The form is that of https://docs.github.com/actions/reference/workflow-commands-for-github-actions.

    Args:
        report: any report.
        root: the top of the checkout, which GitHub's paths begin at.
    """
    lines = []
    for one in report.findings:
        given = {
            "file": relative(one.file, root),
            "line": str(one.line or ""),
            "endLine": str(one.last_line or one.line or ""),
            "title": f"{one.rule.id}: {one.rule.title}",
        }
        options = ",".join(f"{name}={_option(value)}" for name, value in given.items() if value)
        text = f"{one.happens}\n\nInstead:\n{one.mend}" if one.mend else one.happens
        lines.append(f"::{_COMMANDS[one.weight]} {options}::{_data(text)}")
    lines.append(f"ticket-schema gate: {counted(report)} in {looked_at(report)}")
    return "\n".join(lines) + "\n"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _option(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
