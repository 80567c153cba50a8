"""Each labelled revision gets the verdict that its head asks for."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import pytest

from support.corpus import CASES, LANDED, Case
from support.servers import Server
from ticket_schema import gate
from ticket_schema.gate.finding import RULES, Finding, Severity, Stage

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


@dataclass(frozen=True)
class Looked:
    """A case, and what was found in it."""

    case: Case
    findings: list[Finding]

    @property
    def rules(self) -> tuple[str, ...]:
        """The rules above a note."""
        above = (one for one in self.findings if one.weight != Severity.NOTE)
        return tuple(sorted({one.rule.id for one in above}))


def look(case: Case, folder: Path, url: str | None = None) -> Looked:
    ini = case.project(folder).ini
    report = gate.check(ini, since=LANDED, rehearsed=url is not None, url=url)
    return Looked(case, [one for one in report.findings if one.revision == case.name])


@pytest.fixture(scope="module", params=CASES, ids=lambda case: case.name)
def read(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Looked:
    """A case, looked at by reading alone."""
    return look(request.param, tmp_path_factory.mktemp("case") / "project")


def test_verdict_by_reading(read: Looked) -> None:
    assert read.rules == read.case.finds


def test_verdict_by_the_whole_gate(read: Looked, server: Server, tmp_path: Path) -> None:
    """What a revision is built on is not judged, only run."""
    case = read.case
    if case.verdict == "context":
        return
    whole = look(case, tmp_path / "project", server.url)

    assert whole.rules == case.whole
    assert (case.verdict == "dangerous") == bool(case.whole)
    notes = {one.rule.id for one in whole.findings if one.weight == Severity.NOTE}
    assert (case.verdict == "noted") == bool(case.notes)
    assert notes >= set(case.notes)


def test_each_finding_says_what_happens_where_and_how_to_mend_it(read: Looked) -> None:
    for finding in read.findings:
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
