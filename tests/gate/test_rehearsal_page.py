"""docs/rehearsal.md lists the rules of the dynamic stage as they are."""

from __future__ import annotations

import re
from pathlib import Path

from ticket_schema.gate.finding import RULES, Stage
from ticket_schema.gate.rules import outcomes, traces

PAGE = (Path(__file__).parents[2] / "docs" / "rehearsal.md").read_text("utf-8")


def test_each_rule_is_listed() -> None:
    listed = re.findall(r"^\| `([\w-]+)` \| (\w+) \| (.*?) \| (.*?) \|$", PAGE, re.MULTILINE)
    modules = {traces.__name__, outcomes.__name__}
    assert len(modules) == 2
    expected = [
        (rule.id, str(rule.severity), rule.title, rule.why)
        for rule in RULES.values()
        if rule.stage == Stage.DYNAMIC
    ]
    assert sorted(listed) == sorted(expected)
    assert len(expected) > 25
