"""Every table that counts or stamps its own updates: none goes unseen, and no caller chooses."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

import pytest

from support.factories import PLATFORM, Make, Row
from support.session import Session
from support.triggers import attached, columns, tables_running, with_two_owners, writable

if TYPE_CHECKING:
    from conftest import Acting

REPLICAS = tables_running("ignore_stale_version")
VERSIONED = sorted(set(tables_running("raise_row_version")) - with_two_owners())
STAMPED = [
    table
    for table in tables_running("stamp_updated_at")
    if table not in REPLICAS and table not in PLATFORM
]
TABLES = [*VERSIONED, *STAMPED]
SERVICES = ("ticketing_app", "ticketing_worker")
# Its counters move with every sale and are stamped by the function that moves them.
STAMPED_BY_A_FUNCTION = {"ticket_inventory", "zone_inventory"}
# Compared with the clock in a transaction that may have waited, so they come from the clock too.
OF_THE_CLOCK = {"idempotency_keys", "request_tickets", "ticket_passes"}
# What would be left of the trigger if it were not as it should be.
WEAKER = {
    "none": "",
    "when asked": (
        "BEFORE UPDATE ON {0} FOR EACH ROW WHEN (old.updated_at IS DISTINCT FROM new.updated_at)"
    ),
    "one column": "BEFORE UPDATE OF {1} ON {0} FOR EACH ROW",
    "not the first column": "BEFORE UPDATE OF {2} ON {0} FOR EACH ROW",
}


def read(db: Session, table: str, row: Row) -> Row:
    return db.one(f"SELECT * FROM ticketing.{table} WHERE id = %s", row["id"])


def every_update_counts(db: Session, table: str, row: Row, role: str) -> None:
    """Asserts that an UPDATE of any column that a service may write counts, even of no change."""
    names = writable(db, table, role)
    assert names
    before = row
    with db.acting(role, tenant=row["tenant_id"]):
        for name in names:
            change = f"UPDATE ticketing.{table} SET {name} = {name} WHERE id = %s"
            assert db.run(change, row["id"]) == 1
            after = read(db, table, row)
            counted = {"updated_at": after["updated_at"]}
            if table in VERSIONED:
                counted["version"] = before["version"] + 1
            assert after == before | counted, name
            assert before["updated_at"] < after["updated_at"], name
            before = after


def test_every_table_with_a_version_or_a_stamp_has_the_trigger_for_it(db: Session) -> None:
    for function in ("raise_row_version", "stamp_updated_at"):
        assert attached(db, function) == tables_running(function)
    tables = {
        row["name"]: columns(db, row["name"])
        for row in db.all(
            """
            SELECT relname AS name FROM pg_class
            WHERE relnamespace = 'ticketing'::regnamespace AND relkind IN ('r', 'p')
            """
        )
    }
    own = {name: has for name, has in tables.items() if name not in REPLICAS}
    assert sorted(name for name, has in own.items() if "version" in has) == VERSIONED
    stamped = {n for n, has in own.items() if "updated_at" in has and "version" not in has}
    assert sorted(stamped - STAMPED_BY_A_FUNCTION - set(PLATFORM)) == STAMPED
    assert stamped >= STAMPED_BY_A_FUNCTION


@pytest.mark.parametrize("role", SERVICES)
@pytest.mark.parametrize("table", TABLES)
def test_each_update_counts_whatever_column_it_writes(
    db: Session, make: Make, tenant: UUID, table: str, role: str
) -> None:
    row = make.row(table, tenant)
    assert row.get("version", 1) == 1
    every_update_counts(db, table, row, role)


@pytest.mark.parametrize("left", WEAKER.values(), ids=WEAKER)
@pytest.mark.parametrize("table", TABLES)
def test_the_test_above_sees_a_trigger_that_is_gone_or_looks_at_less(
    db: Session, make: Make, tenant: UUID, table: str, left: str
) -> None:
    row = make.row(table, tenant)
    function = "raise_row_version" if table in VERSIONED else "stamp_updated_at"
    name = db.value(
        "SELECT tgname FROM pg_trigger "
        "WHERE tgrelid = %s::regclass AND tgfoid = format('ticketing.%%I', %s::text)::regproc",
        *(f"ticketing.{table}", function),
    )
    db.run(f"DROP TRIGGER {name} ON ticketing.{table}")
    if left:
        first, *others = writable(db, table, SERVICES[0])
        if not others and " OF " in left:
            return  # its only column is every column
        at = left.format(f"ticketing.{table}", first, ", ".join(others))
        db.run(f"CREATE TRIGGER {name} {at} EXECUTE FUNCTION ticketing.{function}()")
    with pytest.raises(AssertionError):
        every_update_counts(db, table, row, SERVICES[0])


@pytest.mark.parametrize("given", ["1", "99", "version", "NULL"])
@pytest.mark.parametrize("table", VERSIONED)
def test_the_version_cannot_be_chosen(
    db: Session, make: Make, tenant: UUID, table: str, given: str
) -> None:
    row = make.row(table, tenant)
    db.run(f"UPDATE ticketing.{table} SET version = {given} WHERE id = %s", row["id"])
    assert read(db, table, row)["version"] == 2


@pytest.mark.parametrize("given", ["'2001-01-01'", "'2999-01-01'", "updated_at", "NULL"])
@pytest.mark.parametrize("table", TABLES)
def test_the_time_cannot_be_chosen(
    db: Session, make: Make, tenant: UUID, table: str, given: str
) -> None:
    row = make.row(table, tenant)
    before = db.value("SELECT clock_timestamp()")
    db.run(f"UPDATE ticketing.{table} SET updated_at = {given} WHERE id = %s", row["id"])
    stamped = read(db, table, row)["updated_at"]
    assert before < stamped < db.value("SELECT clock_timestamp()")


@pytest.mark.parametrize("role", SERVICES)
@pytest.mark.parametrize("table", TABLES)
def test_a_service_may_not_write_it_at_all(
    db: Session, make: Make, tenant: UUID, table: str, role: str
) -> None:
    row = make.row(table, tenant)
    with db.acting(role, tenant=tenant):
        for column in {"version", "updated_at"} & row.keys():
            with db.refused("42501"):
                db.run(f"UPDATE ticketing.{table} SET {column} = DEFAULT WHERE id = %s", row["id"])


@pytest.mark.parametrize("table", TABLES)
def test_a_row_that_is_not_updated_keeps_its_own(
    db: Session, make: Make, tenant: UUID, as_tenant: Acting, table: str
) -> None:
    row, other = make.row(table, tenant), make.row(table, tenant)
    name = writable(db, table, "ticketing_app")[0]
    with as_tenant(tenant) as service:
        change = f"UPDATE ticketing.{table} SET {name} = {name} WHERE id = %s"
        assert service.run(change, other["id"]) == 1
    assert read(db, table, row) == row


@pytest.mark.parametrize("table", [table for table in TABLES if table not in OF_THE_CLOCK])
def test_a_new_row_carries_the_time_of_its_transaction(
    db: Session, make: Make, tenant: UUID, table: str
) -> None:
    row = make.row(table, tenant)
    assert row["updated_at"] == row["created_at"] == db.value("SELECT now()")
