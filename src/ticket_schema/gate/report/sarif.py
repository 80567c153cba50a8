"""SARIF 2.1.0, which code scanning reads (https://docs.oasis-open.org/sarif/sarif/v2.1.0/)."""

from __future__ import annotations

import hashlib
import json
from importlib.metadata import version
from pathlib import Path
from typing import Any

from ticket_schema.gate.finding import RULES, Finding, Report
from ticket_schema.gate.report.place import relative


def render(report: Report, root: Path) -> str:
    """Returns a report as a SARIF log.

    Args:
        report: any report.
        root: the top of the checkout, which the paths begin at.
    """
    rules = sorted(RULES.values(), key=lambda one: one.id)
    order = {rule.id: number for number, rule in enumerate(rules)}
    log = {
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [
            {
                "tool": {
                    "driver": {
                        "name": "ticket-schema gate",
                        "semanticVersion": version("ticket-schema"),
                        "rules": [
                            {
                                "id": rule.id,
                                "name": rule.id,
                                "shortDescription": {"text": rule.title},
                                "fullDescription": {"text": rule.why},
                                "defaultConfiguration": {"level": str(rule.severity)},
                                "properties": {
                                    "catalogue": rule.catalogue,
                                    "stage": str(rule.stage),
                                },
                            }
                            for rule in rules
                        ],
                    }
                },
                "columnKind": "unicodeCodePoints",
                "results": [
                    *(_result(one, root, order) for one in report.findings),
                    *(
                        {
                            **_result(one, root, order),
                            "suppressions": [{"kind": "inSource", "justification": reason}],
                        }
                        for one, reason in report.allowed
                    ),
                ],
            }
        ],
    }
    return json.dumps(log, indent=2) + "\n"


def _result(finding: Finding, root: Path, order: dict[str, int]) -> dict[str, Any]:
    text = f"{finding.happens}\n\nInstead:\n{finding.mend}" if finding.mend else finding.happens
    key = f"{finding.rule.id} {finding.revision} {' '.join(finding.statement.split())}"
    result: dict[str, Any] = {
        "ruleId": finding.rule.id,
        "ruleIndex": order[finding.rule.id],
        "level": str(finding.weight),
        "message": {"text": text},
        # The same finding stays the same when lines above it come or go.
        "partialFingerprints": {"statement/v1": hashlib.sha256(key.encode()).hexdigest()},
        "properties": {"revision": finding.revision},
    }
    if finding.file:
        physical: dict[str, Any] = {"artifactLocation": {"uri": relative(finding.file, root)}}
        if finding.line:
            last = max(finding.line, finding.last_line or finding.line)
            physical["region"] = {"startLine": finding.line, "endLine": last}
        result["locations"] = [{"physicalLocation": physical}]
    return result
