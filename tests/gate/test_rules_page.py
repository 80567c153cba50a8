"""docs/gate-rules.md is what the registry says, and leaves no row of the catalogue out."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from gate.rules_page import ELSEWHERE, PAGE, ROWS, render
from ticket_schema import gate
from ticket_schema.gate.finding import RULES


def test_the_page_is_up_to_date() -> None:
    assert PAGE.read_text("utf-8") == render(), "write it anew: make gate-rules"


@pytest.mark.parametrize("row", ROWS)
def test_each_row_is_answered_by_a_rule_or_by_something_else(row: str) -> None:
    gate.load_rules()
    by_rules = {rule.id for rule in RULES.values() if rule.catalogue == row}

    assert by_rules or row in ELSEWHERE


def test_each_rule_has_a_row() -> None:
    gate.load_rules()
    rows = {rule.catalogue for rule in RULES.values()}

    assert rows - set(ROWS) == {"override", "style"}


def test_what_answers_elsewhere_is_there() -> None:
    for text in ELSEWHERE.values():
        for link in re.findall(r"\]\(([^)]*)\)", text):
            assert (PAGE.parent / link).is_file(), link
        if text.startswith("not answered"):
            assert ", because " in text


def test_the_links_to_the_corpus_lead_somewhere() -> None:
    links = set(re.findall(r"\]\((\.\./tests/gate/corpus/[^)]*)\)", PAGE.read_text("utf-8")))

    assert len(links) > 100
    assert {link for link in links if not (Path(PAGE.parent) / link).is_file()} == set()
