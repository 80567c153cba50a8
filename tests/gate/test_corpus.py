"""Each labelled revision gets the verdict that its head asks for."""

from __future__ import annotations

from collections import Counter

import pytest

from support.corpus import CASES, Case
from ticket_schema import gate
from ticket_schema.gate.finding import RULES, Finding, Severity

# The rows of the catalogue that the static stage must or should answer for.
ROWS = (
    *(f"A{number}" for number in (1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 16)),
    *(f"B{number}" for number in (1, 2, 3, 4, 5, 6, 7, 8, 11)),
    *("C1", "C2"),
    *(f"D{number}" for number in range(1, 9)),
    *("F10", "F14"),
)


Looked = tuple[Case, list[Finding]]


@pytest.fixture(scope="module", params=CASES, ids=lambda case: case.name)
def looked(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Looked:
    """A case, and what the gate finds in it above a note."""
    case: Case = request.param
    report = gate.check(case.project(tmp_path_factory.mktemp("case") / "project").ini)
    found = [one for one in report.findings if one.revision == case.name]
    return case, [one for one in found if one.weight != Severity.NOTE]


def test_verdict(looked: Looked) -> None:
    case, found = looked

    assert tuple(sorted({one.rule.id for one in found})) == case.finds
    assert (case.verdict == "dangerous") <= (bool(case.finds) or case.dynamic)
    assert (case.verdict == "safe") <= (not case.finds)


def test_each_finding_says_what_happens_where_and_how_to_mend_it(looked: Looked) -> None:
    for finding in looked[1]:
        assert finding.happens.endswith("."), finding
        assert finding.mend or finding.rule.id == "sql-not-parsed", finding
        assert finding.file is not None
        assert finding.line is not None
        assert finding.file.read_text().splitlines()[finding.line - 1].strip(), finding


@pytest.mark.parametrize("row", ROWS)
def test_each_row_has_two_dangerous_and_two_safe_cases(row: str) -> None:
    verdicts = Counter(case.verdict for case in CASES if case.row == row)

    assert verdicts["dangerous"] >= 2
    assert verdicts["safe"] >= 2


def test_a_dangerous_case_breaks_a_rule_of_its_row() -> None:
    gate.load_rules()
    for case in CASES:
        if case.verdict == "dangerous" and case.row != "D7" and not case.dynamic:
            assert case.row in {RULES[rule].catalogue for rule in case.finds}, case
