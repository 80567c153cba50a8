"""Each labelled revision gets the verdict that its head asks for."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from concurrent.futures import Future
from typing import Any

import pytest

from support.corpus import CASES, Case, Verdict, judged, judging
from support.servers import Server
from ticket_schema import gate
from ticket_schema.gate.finding import RULES, Severity, Stage

# What a revision is built on is not judged, only run.
JUDGED = [case for case in CASES if case.verdict != "context" and case.row != "none"]
SECONDS = 300

# The rows of the catalogue that the corpus answers for.
ROWS = (
    *(f"A{number}" for number in range(1, 20)),
    *(f"B{number}" for number in (*range(1, 10), 11)),
    *("C1", "C2", "C3", "C4"),
    *(f"D{number}" for number in range(1, 9)),
    *("E1", "E2", "E3", "E6", "E8"),
    *(f"F{number}" for number in (*range(1, 7), *range(8, 15), 16, 17)),
    "H4",
)


Whole = dict[str, Future[Verdict]]
Read = tuple[Case, Verdict]


@pytest.fixture(scope="module")
def whole(
    request: pytest.FixtureRequest, server: Server, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Whole]:
    """What the whole gate says of the cases that are asked for; most of it is waiting."""
    asked: list[Any] = [
        one.callspec.params["case"]
        for one in request.session.items
        if isinstance(one, pytest.Function) and "whole" in one.fixturenames
    ]
    with judging(asked, tmp_path_factory.mktemp("corpus"), server.url) as found:
        yield found


@pytest.fixture(scope="module", params=CASES, ids=lambda case: case.name)
def read(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Read:
    """A case, and what reading alone says of it."""
    case: Case = request.param
    return case, judged(case.name, tmp_path_factory.mktemp("case") / "project")


def test_verdict_by_reading(read: Read) -> None:
    case, verdict = read

    assert verdict.rules == case.finds


@pytest.mark.parametrize("case", JUDGED, ids=lambda case: case.name)
def test_verdict_by_the_whole_gate(case: Case, whole: Whole) -> None:
    verdict = whole[case.name].result(SECONDS)

    assert verdict.rules == case.whole
    assert (case.verdict == "dangerous") == bool(case.whole)
    assert (case.verdict == "noted") == bool(case.notes)
    assert set(case.notes) <= set(verdict.notes)


def test_each_finding_says_what_happens_where_and_how_to_mend_it(read: Read) -> None:
    for finding in read[1].findings:
        if finding.weight == Severity.NOTE:
            continue
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


@pytest.mark.parametrize("row", ["E4", "E5", "E7", "E9", "E10", "F7", "F15"])
def test_what_is_no_more_than_a_note_has_a_case_of_both_kinds(row: str) -> None:
    assert {case.verdict for case in CASES if case.row == row} == {"noted", "safe"}


def test_a_lock_that_nobody_can_do_without_is_noted() -> None:
    verdicts = Counter(case.verdict for case in CASES if case.row == "A20")

    assert verdicts["noted"] >= 2
    assert verdicts["safe"] >= 2


def test_a_dangerous_case_breaks_a_rule_of_its_row() -> None:
    gate.load_rules()
    for case in CASES:
        if case.verdict == "dangerous" and case.row != "D7":
            assert case.row in {RULES[rule].catalogue for rule in case.whole}, case


def test_what_only_a_run_finds_is_found_by_rules_that_look_at_a_run() -> None:
    gate.load_rules()
    for case in CASES:
        assert {RULES[rule].stage for rule in case.seen} <= {Stage.DYNAMIC, Stage.CATALOG}, case
