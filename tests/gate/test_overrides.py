"""An override needs rule, day and reason, and stands beside what it allows."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from support.alembic_project import AlembicProject
from ticket_schema import gate
from ticket_schema.gate.finding import RULES, Report, Stage

TODAY = date(2026, 11, 1)
RULE = "index-not-concurrent"
GOOD = f"gate: allow {RULE} until 2027-01-31: forty rows"


@pytest.fixture
def project(tmp_path: Path) -> AlembicProject:
    made = AlembicProject(tmp_path)
    made.revision("a1", 'op.execute("CREATE TABLE t (id bigint PRIMARY KEY, a text)")')
    return made


def check(project: AlembicProject, upgrade: str) -> Report:
    project.revision("a2", upgrade, 'op.execute("DROP INDEX i")')
    return gate.check(project.ini, today=TODAY)


def rules(report: Report) -> list[str]:
    return [one.rule.id for one in report.failing]


@pytest.mark.parametrize(
    "upgrade",
    [
        f'# {GOOD}\nop.execute("CREATE INDEX i ON t (a)")',
        f'op.execute("CREATE INDEX i ON t (a)")  # {GOOD}',
        f'# It is small.\n# {GOOD}\n# And will stay so.\nop.create_index("i", "t", ["a"])',
        f'op.execute("""\n    -- {GOOD}\n    CREATE INDEX i ON t (a);\n""")',
        f'op.execute("""\n    CREATE INDEX i\n        ON t (a); -- {GOOD}\n""")',
        f'op.create_index(\n    "i",\n    "t",\n    ["a"],  # {GOOD}\n)',
    ],
)
def test_it_allows_the_statement_that_it_stands_beside(
    project: AlembicProject, upgrade: str
) -> None:
    report = check(project, upgrade)

    assert rules(report) == []
    ((finding, reason),) = report.allowed
    assert finding.rule.id == RULE
    assert reason == "forty rows (until 2027-01-31)"


@pytest.mark.parametrize(
    ("comment", "expected"),
    [
        (f"gate: allow {RULE} until 2027-01-31", "override-malformed"),
        (f"gate: allow {RULE} until 2027-01-31:", "override-malformed"),
        (f"gate: allow {RULE}: forty rows", "override-malformed"),
        ("gate: allow until 2027-01-31: forty rows", "override-malformed"),
        ("gate: ignore", "override-malformed"),
        ("gate: allow no-such-rule until 2027-01-31: forty rows", "override-malformed"),
        (f"gate: allow {RULE} until 2027-02-31: forty rows", "override-malformed"),
        (f"gate: allow {RULE} until 2031-01-31: forty rows", "override-malformed"),
        (f"gate: allow {RULE} until 2026-10-31: forty rows", "override-expired"),
    ],
)
def test_one_that_says_too_little_or_is_over_allows_nothing(
    project: AlembicProject, comment: str, expected: str
) -> None:
    report = check(project, f'# {comment}\nop.execute("CREATE INDEX i ON t (a)")')

    assert sorted(rules(report)) == sorted([RULE, expected])
    assert report.allowed == []


def test_it_holds_on_its_last_day(project: AlembicProject) -> None:
    last = f"gate: allow {RULE} until {TODAY}: forty rows"

    report = check(project, f'# {last}\nop.execute("CREATE INDEX i ON t (a)")')

    assert rules(report) == []


@pytest.mark.parametrize(
    "upgrade",
    [
        f'# {GOOD}\nop.execute("ALTER TABLE t ADD COLUMN b text")',
        f'# {GOOD}\nop.execute("SELECT 1")\nop.execute("CREATE INDEX i ON t (a)")',
        f'op.execute("CREATE INDEX i ON t (a)")\nop.execute("SELECT 1")  # {GOOD}',
        '# gate: allow object-dropped until 2027-01-31: x\nop.execute("CREATE INDEX i ON t (a)")',
    ],
)
def test_one_that_allows_nothing_fails(project: AlembicProject, upgrade: str) -> None:
    report = check(project, upgrade)

    assert "override-unused" in rules(report)
    assert report.allowed == []


def test_one_for_what_only_a_run_can_see_is_not_unused(
    project: AlembicProject, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate.load_rules()
    seen = replace(RULES[RULE], id="seen-when-run", stage=Stage.DYNAMIC)
    monkeypatch.setitem(RULES, seen.id, seen)
    comment = f"# gate: allow {seen.id} until 2027-01-31: small"

    report = check(project, f'{comment}\nop.execute("ALTER TABLE t ADD COLUMN b text")')

    assert rules(report) == []


def test_one_of_a_landed_revision_is_not_looked_at(project: AlembicProject) -> None:
    project.revision(
        "a2",
        f'# {GOOD}\nop.execute("SELECT 1")\n# gate: nonsense',
    )
    project.commit("v1")

    assert rules(gate.check(project.ini, since="v1", today=TODAY)) == []
