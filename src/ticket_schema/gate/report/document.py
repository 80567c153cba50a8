"""JSON, for programs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from ticket_schema.gate.finding import Finding, Report
from ticket_schema.gate.report.place import relative


def render(report: Report, root: Path) -> str:
    """Returns a report as one JSON document.

    Args:
        report: any report.
        root: paths are relative to it.
    """
    return (
        json.dumps(
            {
                "project": report.project,
                "revisions": report.revisions,
                "passed": not report.failing,
                "exit_code": int(report.exit_code),
                "findings": [_finding(one, root) for one in report.findings],
                "allowed": [
                    {**_finding(one, root), "reason": reason} for one, reason in report.allowed
                ],
                "role": report.role,
                "locks": {
                    revision: [
                        {
                            "relation": lock.relation,
                            "mode": lock.mode,
                            "rewritten": lock.rewritten,
                            "rows_scanned": lock.rows_scanned,
                            "rows_written": lock.rows_written,
                            "file": relative(lock.file, root) or None,
                            "line": lock.line,
                            "statement": lock.statement,
                        }
                        for lock in locks
                    ]
                    for revision, locks in report.locks.items()
                },
                "switched_off": report.switched_off,
                "stages": {name: round(seconds, 3) for name, seconds in report.stages.items()},
            },
            indent=2,
        )
        + "\n"
    )


def _finding(finding: Finding, root: Path) -> dict[str, Any]:
    return {
        "rule": finding.rule.id,
        "catalogue": finding.rule.catalogue,
        "title": finding.rule.title,
        "severity": str(finding.weight),
        "stage": str(finding.rule.stage),
        "revision": finding.revision,
        "downgrade": finding.downgrade,
        "file": relative(finding.file, root) or None,
        "line": finding.line,
        "last_line": finding.last_line or finding.line,
        "happens": finding.happens,
        "mend": finding.mend,
        "statement": finding.statement,
    }
