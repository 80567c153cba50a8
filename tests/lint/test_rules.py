"""The rules of tenant isolation: clean where the schema is sound, and each sees what breaks it."""

from __future__ import annotations

import re
from pathlib import Path

import psycopg
import pytest

from defects.defect import put_back, undone
from lint.plants import DATABASE, PLANTS
from support.databases import Database
from support.session import Session
from ticket_schema import lint

FOLDER = Path(lint.__file__).parent
SEVERAL = (
    "DROP POLICY tickets_tenant_isolation ON ticketing.tickets",
    "GRANT TRUNCATE ON ticketing.orders TO ticketing_app",
    "ALTER FUNCTION ticketing.current_tenant_id() IMMUTABLE",
    "ALTER ROLE ticketing_app BYPASSRLS",
    "CREATE TABLE ticketing.notes (note text)",
)


def test_the_schema_breaks_no_rule(template: Database) -> None:
    with template.connect() as connection:
        assert lint.offences(connection) == []


def test_no_exception_is_stale(template: Database) -> None:
    with template.connect() as connection:
        assert lint.stale(connection) == []
    assert lint.allowed().keys() <= set(lint.rules())
    assert all(reason for names in lint.allowed().values() for reason in names.values())


def test_an_exception_that_matches_nothing_is_stale(db: Session) -> None:
    with undone(db):
        db.run("ALTER POLICY holds_worker_select ON ticketing.holds RENAME TO other")
        assert lint.stale(db.connection) == [
            "tenant_in_policies: holds.holds_worker_select",
        ]


def test_a_database_without_the_schema_breaks_no_rule(empty: Database) -> None:
    with empty.connect() as connection:
        assert lint.offences(connection) == []


@pytest.mark.parametrize("rule", sorted(PLANTS))
def test_a_rule_sees_what_breaks_it(db: Session, rule: str) -> None:
    assert lint.offences(db.connection, [rule]) == []
    version = db.connection.info.server_version // 10000
    for number, plant in enumerate(PLANTS[rule]):
        if version < plant.since:
            continue
        with undone(db):
            put_back(db, *plant.defect)
            found = lint.offences(db.connection, [rule])
        seen = sorted((offence.name, offence.detail) for offence in found)
        expected = sorted(
            (name.replace(DATABASE, db.connection.info.dbname), detail)
            for name, detail in plant.found
        )
        assert [name for name, _ in seen] == [name for name, _ in expected], (number, seen)
        for (_, detail), (_, said) in zip(seen, expected, strict=True):
            assert detail.startswith(said), (number, detail, said)
        assert all(offence.rule == rule and offence.remedy for offence in found)
    assert lint.offences(db.connection, [rule]) == []


def test_every_rule_has_a_planted_offence() -> None:
    assert sorted(PLANTS) == lint.rules()
    assert all(any(plant.found for plant in plants) for plants in PLANTS.values())


@pytest.mark.parametrize("rule", lint.rules())
def test_a_rule_says_what_it_is_and_only_reads(rule: str) -> None:
    text = (FOLDER / f"{rule}.sql").read_text()
    comment, _, query = text.partition("\nSELECT" if "\nWITH" not in text else "\nWITH")
    assert all(line.startswith("-- ") for line in comment.splitlines())
    assert len(comment) > 80
    assert text.count(";\n") == 1
    assert text.endswith(";\n")
    assert not re.search(r"\b(INSERT INTO|UPDATE \w+ SET|DELETE FROM|CREATE \w+ \w+ AS)\b", query)


def test_a_rule_returns_three_columns(db: Session) -> None:
    for rule in lint.rules():
        cursor = db.connection.execute((FOLDER / f"{rule}.sql").read_bytes())
        assert cursor.description is not None
        assert [column.name for column in cursor.description] == ["name", "detail", "remedy"], rule


def test_who_may_nothing_finds_the_same(db: Session) -> None:
    with undone(db):
        for change in SEVERAL:
            db.run(change)
        rules = lint.rules(reading_rows=False)
        found = lint.offences(db.connection, rules)
        with db.acting("ts_test_nobody"):
            assert lint.offences(db.connection) == found
        assert {offence.rule for offence in found} >= {
            "grants",
            "helper_properties",
            "one_floor",
            "role_powers",
            "tenant_column",
        }


def test_a_session_that_only_reads_may_ask(template: Database) -> None:
    with psycopg.connect(template.superuser_url) as connection:
        connection.read_only = True
        assert lint.offences(connection) == []


def test_asking_leaves_the_session_as_it_was(db: Session) -> None:
    before = db.value("SELECT current_setting('search_path')")
    assert lint.offences(db.connection) == []
    assert db.value("SELECT current_setting('search_path')") == before


def test_a_rule_that_cannot_be_answered_is_an_offence(
    db: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(lint._queries(), "rules", "SELECT 1 / 0")
    (found,) = lint.offences(db.connection, ["rules"])
    assert (found.rule, found.name) == ("rules", "the catalog")
    assert "division by zero" in found.detail


def test_who_does_not_see_every_row_is_told_so(db: Session) -> None:
    with db.acting("ticketing_readonly"):
        found = lint.offences(db.connection, ["orphans"])
        assert lint.offences(db.connection) == []
    assert len(found) > 50
    assert {offence.detail for offence in found} == {
        "not looked at: ticketing_readonly does not see every row"
    }
