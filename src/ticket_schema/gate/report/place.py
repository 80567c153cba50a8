"""Where a finding is, as each form of the report shows it."""

from __future__ import annotations

from pathlib import Path

from ticket_schema.gate.finding import Finding, Report, Severity


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
