"""Every copy of another service's table: stamped when a newer version of its owner arrives."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

import pytest

from support.factories import Make, Row
from support.session import Session
from support.triggers import attached, tables_running, with_two_owners, writable

if TYPE_CHECKING:
    from conftest import Acting

TABLES = sorted(set(tables_running("ignore_stale_version")) - with_two_owners())
TRIGGERS = ("10_ignore_stale", "90_stamp_updated_at")


def read(db: Session, table: str, row: Row) -> Row:
    return db.one(f"SELECT * FROM ticketing.{table} WHERE id = %s", row["id"])


def newer_versions_count_and_no_other(db: Session, table: str, row: Row) -> None:
    """Asserts what the two triggers of a copy do when its worker writes a version."""
    write = f"UPDATE ticketing.{table} SET version = %s WHERE id = %s"
    with db.acting("ticketing_worker"):
        for stale in (row["version"], row["version"] - 1):
            assert db.run(write, stale, row["id"]) == 0
        assert read(db, table, row) == row
        assert db.run(write, 7, row["id"]) == 1
    after = read(db, table, row)
    assert after == row | {"version": 7, "updated_at": after["updated_at"]}
    assert after["updated_at"] > row["updated_at"]


def test_every_table_whose_version_a_worker_writes_is_such_a_copy(db: Session) -> None:
    written = {
        row["name"]
        for row in db.all(
            """
            SELECT c.relname AS name
            FROM pg_class AS c
            INNER JOIN pg_attribute AS a ON c.oid = a.attrelid
            WHERE
                c.relnamespace = 'ticketing'::regnamespace AND a.attname = 'version'
                AND has_column_privilege('ticketing_worker', c.oid, a.attnum, 'UPDATE')
            """
        )
    }
    assert sorted(written) == attached(db, "ignore_stale_version")
    assert sorted(written - with_two_owners()) == TABLES
    assert set(TABLES) <= set(attached(db, "stamp_updated_at"))
    assert "users" in TABLES


@pytest.mark.parametrize("table", TABLES)
def test_a_newer_version_stamps_and_stays_as_given_and_an_older_changes_nothing(
    db: Session, make: Make, tenant: UUID, table: str
) -> None:
    newer_versions_count_and_no_other(db, table, make.row(table, tenant))


@pytest.mark.parametrize("trigger", TRIGGERS)
@pytest.mark.parametrize("table", TABLES)
def test_the_test_above_sees_a_trigger_that_is_gone(
    db: Session, make: Make, tenant: UUID, table: str, trigger: str
) -> None:
    row = make.row(table, tenant)
    db.run(f"DROP TRIGGER trg_{table}_{trigger} ON ticketing.{table}")
    with pytest.raises(AssertionError):
        newer_versions_count_and_no_other(db, table, row)


@pytest.mark.parametrize("table", TABLES)
def test_a_change_without_a_version_is_not_stamped(
    db: Session, make: Make, tenant: UUID, as_worker: Acting, table: str
) -> None:
    row = make.row(table, tenant)
    names = set(writable(db, table, "ticketing_worker")) - {"version"}
    assert names
    with as_worker() as worker:
        for name in sorted(names):
            change = f"UPDATE ticketing.{table} SET {name} = {name} WHERE id = %s"
            assert worker.run(change, row["id"]) == 1
            assert read(db, table, row) == row, name


@pytest.mark.parametrize("table", TABLES)
def test_the_time_of_the_owner_is_overruled(
    db: Session, make: Make, tenant: UUID, table: str
) -> None:
    row = make.row(table, tenant)
    change = f"UPDATE ticketing.{table} SET version = 2, updated_at = '2001-01-01' WHERE id = %s"
    db.run(change, row["id"])
    assert read(db, table, row)["updated_at"] > row["updated_at"]


@pytest.mark.parametrize("table", TABLES)
def test_a_worker_may_not_write_updated_at(
    make: Make, tenant: UUID, as_worker: Acting, table: str
) -> None:
    row = make.row(table, tenant)
    with as_worker() as worker, worker.refused("42501"):
        worker.run(
            f"UPDATE ticketing.{table} SET version = 2, updated_at = now() WHERE id = %s", row["id"]
        )
