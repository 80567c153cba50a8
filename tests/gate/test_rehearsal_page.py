"""docs/rehearsal.md lists the rules of the dynamic stage as they are."""

from __future__ import annotations

import re
from pathlib import Path

from ticket_schema.gate.finding import RULES, Stage
from ticket_schema.gate.rules import flaws, outcomes, traces

PAGE = (Path(__file__).parents[2] / "docs" / "rehearsal.md").read_text("utf-8")


def test_each_rule_is_listed() -> None:
    listed = re.findall(r"^\| `([\w-]+)` \| (\w+) \| (.*?) \| (.*?) \|$", PAGE, re.MULTILINE)
    modules = {traces.__name__, outcomes.__name__, flaws.__name__}
    assert len(modules) == 3
    expected = [
        (rule.id, str(rule.severity), rule.title, rule.why)
        for rule in RULES.values()
        if rule.stage in (Stage.DYNAMIC, Stage.CATALOG)
    ]
    assert sorted(listed) == sorted(expected)
    assert len(expected) > 30
