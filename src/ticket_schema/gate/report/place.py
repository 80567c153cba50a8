"""Where a finding is, and what else several forms of the report say alike."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from ticket_schema.gate.finding import Finding, Report, Severity

_LINT = "lint-"


def relative(file: Path | None, root: Path) -> str:
    """Returns a path relative to a folder, with slashes; as it is when it is not below.

    Args:
        file: any path; None gives an empty text.
        root: the folder.
    """
    if file is None:
        return ""
    resolved, base = file.resolve(), root.resolve()
    return resolved.relative_to(base).as_posix() if resolved.is_relative_to(base) else str(file)


def position(finding: Finding, root: Path) -> str:
    """Returns `file:line`, or what is known of it.

    Args:
        finding: any finding.
        root: paths are relative to it.
    """
    file = relative(finding.file, root)
    return f"{file}:{finding.line}" if file and finding.line else file


def looked_at(report: Report) -> str:
    """Returns how many revisions were looked at, as a phrase.

    Args:
        report: any report.
    """
    return f"{report.revisions} revision{'' if report.revisions == 1 else 's'}"


def switched_off(rules: Mapping[str, str]) -> list[tuple[str, str]]:
    """Returns the rules that did not look, those with one reason as one phrase, and the reason.

    Args:
        rules: the reason of each rule.
    """
    by_reason: dict[str, list[str]] = {}
    for name, reason in sorted(rules.items()):
        by_reason.setdefault(reason, []).append(name)
    found = []
    for reason, names in by_reason.items():
        shown = [one for one in names if not one.startswith(_LINT)]
        if len(names) - len(shown) > 1:
            shown.append(f"{_LINT}* ({len(names) - len(shown)} rules)")
        else:
            shown = names
        found.append((", ".join(shown), reason))
    return sorted(found)


def counted(report: Report) -> str:
    """Returns how many findings of each severity there are, as a phrase.

    Args:
        report: any report.
    """
    parts = []
    for severity in Severity:
        number = sum(one.weight == severity for one in report.findings)
        if number:
            parts.append(f"{number} {severity}{'' if number == 1 else 's'}")
    return ", ".join(parts) or "nothing found"
