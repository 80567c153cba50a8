"""Triggers of pending_transactions: the rules first, then the version, then the log."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

import pytest

from support.factories import Make
from support.session import Session

if TYPE_CHECKING:
    from conftest import Acting

CHANGE = "UPDATE ticketing.pending_transactions SET retry_count = retry_count + 1 WHERE id = %s"
READ = "SELECT * FROM ticketing.pending_transactions WHERE id = %s"
LOGGED = "SELECT count(*) FROM ticketing.blockchain_sync_log"


def test_they_fire_in_the_order_of_their_names_and_the_log_comes_last(db: Session) -> None:
    rows = db.all(
        """
        SELECT action_timing, event_manipulation, action_orientation, trigger_name
        FROM information_schema.triggers
        WHERE event_object_schema = 'ticketing' AND event_object_table = 'pending_transactions'
        ORDER BY action_timing DESC, event_manipulation, action_order
        """
    )
    assert [tuple(row.values()) for row in rows] == [
        ("BEFORE", "INSERT", "ROW", "trg_pending_transactions_05_start_status"),
        ("BEFORE", "UPDATE", "ROW", "trg_pending_transactions_05_change_status"),
        ("BEFORE", "UPDATE", "ROW", "trg_pending_transactions_90_raise_version"),
        ("AFTER", "UPDATE", "STATEMENT", "trg_pending_transactions_10_log_update"),
    ]


@pytest.mark.parametrize("role", ["ticketing_app", "ticketing_worker"])
def test_each_update_raises_the_version_by_one_and_stamps_it(
    db: Session, make: Make, tenant: UUID, role: str
) -> None:
    row = make.row("pending_transactions", tenant)
    assert row["version"] == 1
    with db.acting(role, tenant=tenant):
        db.run(CHANGE, row["id"])
        first = db.one(READ, row["id"])
        db.run(CHANGE, row["id"])
        second = db.one(READ, row["id"])

    assert (first["version"], second["version"]) == (2, 3)
    assert row["updated_at"] < first["updated_at"] < second["updated_at"]


@pytest.mark.parametrize("given", ["1", "99", "version", "NULL"])
def test_the_version_cannot_be_chosen(db: Session, make: Make, tenant: UUID, given: str) -> None:
    row = make.id("pending_transactions", tenant)
    db.run(f"UPDATE ticketing.pending_transactions SET version = {given} WHERE id = %s", row)

    assert db.one(READ, row)["version"] == 2


@pytest.mark.parametrize("column", ["version", "updated_at"])
def test_a_service_may_not_write_it_at_all(
    make: Make, tenant: UUID, as_tenant: Acting, column: str
) -> None:
    row = make.id("pending_transactions", tenant)
    with as_tenant(tenant) as service, service.refused("42501"):
        service.run(
            f"UPDATE ticketing.pending_transactions SET {column} = DEFAULT WHERE id = %s", row
        )


def test_a_row_that_is_not_updated_keeps_its_version(
    db: Session, make: Make, tenant: UUID, as_tenant: Acting
) -> None:
    row, other = (make.row("pending_transactions", tenant) for _ in range(2))
    with as_tenant(tenant) as service:
        service.run(CHANGE, other["id"])

    assert db.one(READ, row["id"]) == row


def test_a_change_against_the_rules_is_refused_before_it_is_logged(
    db: Session, make: Make, tenant: UUID, as_tenant: Acting
) -> None:
    row = make.id("pending_transactions", tenant)
    replace = "UPDATE ticketing.pending_transactions SET status = 'replaced' WHERE id = %s"
    with as_tenant(tenant), db.refused("TK201"):
        db.run(replace, row)
    # The owner of the tables goes by the same rules.
    with db.refused("TK201"):
        db.run(replace, row)
    assert db.value(LOGGED) == 0


def test_a_statement_that_changes_no_status_logs_nothing(
    db: Session, make: Make, tenant: UUID, as_tenant: Acting
) -> None:
    row = make.id("pending_transactions", tenant)
    with as_tenant(tenant):
        assert db.run(CHANGE, row) == 1
        assert db.run(CHANGE, tenant) == 0
        db.run("UPDATE ticketing.pending_transactions SET status = status WHERE id = %s", row)
    assert db.value(LOGGED) == 0
