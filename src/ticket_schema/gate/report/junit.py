"""JUnit XML, which every CI shows: a test for each rule, failed once for each finding."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree as ET

from ticket_schema.gate.finding import RULES, Finding, Report
from ticket_schema.gate.report.place import position


def render(report: Report, root: Path) -> str:
    """Returns a report as JUnit XML.

    Args:
        report: any report.
        root: paths are relative to it.
    """
    failing = report.failing
    suite = ET.Element(
        "testsuite",
        name="ticket-schema gate",
        tests=str(len(RULES)),
        failures=str(len({one.rule.id for one in failing})),
        skipped=str(len(report.switched_off)),
        time=f"{sum(report.stages.values()):.3f}",
    )
    for rule in sorted(RULES.values(), key=lambda one: (one.stage, one.id)):
        case = ET.SubElement(suite, "testcase", classname=f"gate.{rule.stage}", name=rule.id)
        if rule.id in report.switched_off:
            ET.SubElement(case, "skipped", message=report.switched_off[rule.id])
            continue
        mine = [one for one in report.findings if one.rule.id == rule.id]
        failed = [one for one in mine if one in failing]
        if failed:
            failure = ET.SubElement(case, "failure", message=rule.title, type=rule.catalogue)
            failure.text = "\n\n".join(_text(one, root) for one in failed)
        rest = [one for one in mine if one not in failing]
        if rest:
            ET.SubElement(case, "system-out").text = "\n\n".join(_text(one, root) for one in rest)
    ET.indent(suite)
    return ET.tostring(suite, encoding="unicode", xml_declaration=True) + "\n"


def _text(finding: Finding, root: Path) -> str:
    where = f"{finding.weight}: {position(finding, root)}, revision {finding.revision}"
    return "\n".join([where, finding.happens, *([finding.mend] if finding.mend else [])])
