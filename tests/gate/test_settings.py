"""What a project says in pyproject.toml."""

from __future__ import annotations

from pathlib import Path

import pytest

from support.alembic_project import AlembicProject
from ticket_schema import gate
from ticket_schema.errors import Exit, TicketSchemaError
from ticket_schema.gate.finding import Severity


@pytest.fixture
def project(tmp_path: Path) -> AlembicProject:
    made = AlembicProject(tmp_path)
    made.revision(
        "a1",
        'op.execute("CREATE TABLE t (id bigint PRIMARY KEY, a text)")',
        'op.execute("DROP TABLE t")',
    )
    made.revision(
        "a2",
        'op.execute("CREATE INDEX i ON t (a)")',
        "with op.get_context().autocommit_block():\n"
        '    op.execute("DROP INDEX CONCURRENTLY IF EXISTS i")',
    )
    return made


def settings(project: AlembicProject, text: str) -> None:
    (project.folder / "pyproject.toml").write_text(f"[tool.ticket-schema.gate]\n{text}\n")


def test_without_any_a_rule_weighs_what_it_says(project: AlembicProject) -> None:
    report = gate.check(project.ini)

    assert [one.rule.id for one in report.failing] == ["index-not-concurrent"]
    assert report.exit_code == Exit.FAILED


@pytest.mark.parametrize("severity", ["warning", "note"])
def test_a_rule_can_weigh_less(project: AlembicProject, severity: str) -> None:
    settings(project, f'severity = {{ "index-not-concurrent" = "{severity}" }}')

    report = gate.check(project.ini)

    (found,) = [one for one in report.findings if one.rule.id == "index-not-concurrent"]
    assert found.weight == Severity(severity)
    assert report.exit_code == Exit.GOOD


def test_a_rule_can_be_switched_off_and_the_report_says_so(project: AlembicProject) -> None:
    settings(project, 'severity = { "index-not-concurrent" = "off" }')

    report = gate.check(project.ini)

    assert report.failing == []
    assert report.switched_off["index-not-concurrent"] == "pyproject.toml says off"


def test_warnings_and_notes_can_fail_as_well(project: AlembicProject) -> None:
    settings(
        project,
        'fails-at = "note"\nseverity = { "index-not-concurrent" = "off" }',
    )

    assert [one.rule.id for one in gate.check(project.ini).failing] == ["downgrade-loses-rows"]


def test_the_ref_can_be_written_there(project: AlembicProject) -> None:
    settings(project, 'since = "v1"')
    project.commit("v1")

    report = gate.check(project.ini)

    assert report.revisions == 0
    assert report.failing == []


def test_settings_above_the_folder_of_the_ini_count(project: AlembicProject) -> None:
    settings(project, 'severity = { "index-not-concurrent" = "off" }')
    below = project.folder / "config"
    below.mkdir()
    ini = below / "alembic.ini"
    ini.write_text("[alembic]\nscript_location = %(here)s/../migrations\n")

    assert gate.check(ini).failing == []


@pytest.mark.parametrize(
    "text",
    [
        'severity = { "no-such-rule" = "off" }',
        'severity = { "index-not-concurrent" = "loud" }',
        'fails-at = "never"',
        "verbose = true",
        "severity = ",
    ],
)
def test_what_it_does_not_know_is_refused(project: AlembicProject, text: str) -> None:
    settings(project, text)

    with pytest.raises(TicketSchemaError) as caught:
        gate.check(project.ini)

    assert caught.value.exit_code == Exit.USAGE
