"""Markdown, for the summary of a pull request."""

from __future__ import annotations

from html import escape
from pathlib import Path

from ticket_schema.gate.finding import Finding, Report, Severity
from ticket_schema.gate.report.place import counted, looked_at, position, switched_off

_OF_PYTHON = ("op.", "def ", "phase =", "revision =", "# ")
_MARKS = {Severity.ERROR: "❌", Severity.WARNING: "⚠️", Severity.NOTE: "i"}


def render(report: Report, root: Path) -> str:
    """Returns a report as Markdown.

    Args:
        report: any report.
        root: paths are relative to it.
    """
    verdict = "❌ refused" if report.failing else "✅ passed"
    lines = [
        f"## Migration gate: {verdict}",
        "",
        f"{counted(report).capitalize()} in {looked_at(report)} of `{report.project}`.",
        "",
    ]
    if report.findings:
        lines += ["| | rule | revision | where |", "|---|---|---|---|"]
        lines += [
            f"| {_MARKS[one.weight]} | `{one.rule.id}` {_cell(one.rule.title)}"
            f" | {_cell(one.revision or '')} | {_where(one, root)} |"
            for one in report.findings
        ]
        lines.append("")
    for one in report.findings:
        if one.weight != Severity.NOTE:
            lines += _details(one, root)
    lines += _locks(report)
    if report.allowed:
        lines += ["", "<details><summary>Allowed by an override</summary>", ""]
        lines += [
            f"- `{one.rule.id}` at `{position(one, root)}`: {reason}"
            for one, reason in report.allowed
        ]
        lines += ["", "</details>"]
    if report.switched_off:
        lines += ["", "<details><summary>Rules that did not look</summary>", ""]
        lines += [f"- `{rules}`: {why}" for rules, why in switched_off(report.switched_off)]
        lines += ["", "</details>"]
    if report.role:
        lines += ["", f"Migrated as {report.role}."]
    took = ", ".join(f"{name} {seconds:.1f} s" for name, seconds in report.stages.items())
    return "\n".join([*lines, "", f"<sub>{took}</sub>", ""])


def _where(finding: Finding, root: Path) -> str:
    place = position(finding, root)
    return f"`{place}`" if place else ""


def _details(finding: Finding, root: Path) -> list[str]:
    language = "python" if any(one in finding.mend for one in _OF_PYTHON) else "sql"
    return [
        f"<details><summary><code>{finding.rule.id}</code> at <code>{position(finding, root)}"
        f"</code>: {escape(finding.happens, quote=False)}</summary>",
        "",
        *(["```sql", finding.statement, "```"] if finding.statement else []),
        *(["Instead:", "", f"```{language}", finding.mend, "```"] if finding.mend else []),
        "",
        "</details>",
    ]


def _locks(report: Report) -> list[str]:
    lines: list[str] = []
    for revision, locks in report.locks.items():
        lines += [
            "",
            f"### Locks of {revision} on what was there before",
            "",
            "| relation | strongest lock | rewritten | rows read | rows written | statement |",
            "|---|---|---|---|---|---|",
        ]
        lines += [
            f"| `{lock.relation}` | {lock.mode} | {'yes' if lock.rewritten else ''}"
            f" | {lock.rows_scanned or ''} | {lock.rows_written or ''}"
            f" | `{_cell(' '.join(lock.statement.split())[:80])}` |"
            for lock in locks
        ]
    return lines


def _cell(text: str) -> str:
    return text.replace("|", "\\|")
