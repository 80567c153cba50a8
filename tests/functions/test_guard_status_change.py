"""guard_status_change: the trigger of every machine; tests/triggers/test_every_transition.py has
each pair of statuses, this has what the trigger adds to the rules."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from uuid import UUID

import pytest

from support.factories import Make
from support.session import Session

if TYPE_CHECKING:
    from conftest import Acting

CANCEL = "UPDATE ticketing.reservations SET status = 'cancelled'{} WHERE id = %s"
EXPIRE = "UPDATE ticketing.reservations SET status = 'expired' WHERE id = %s"


def test_the_rows_own_reason_is_one(
    db: Session, make: Make, tenant: UUID, as_tenant: Acting
) -> None:
    reserved = make.id("reservations", tenant)
    with as_tenant(tenant):
        with db.refused("TK203"):
            db.run(CANCEL.format(""), reserved)
        assert db.run(CANCEL.format(", release_reason = 'left the shop'"), reserved) == 1


def test_the_reason_of_the_transaction_is_one(db: Session, make: Make, tenant: UUID) -> None:
    reserved = make.id("reservations", tenant)
    with db.acting("ticketing_app", tenant=tenant, reason="left the shop"):
        assert db.run(CANCEL.format(""), reserved) == 1


def test_a_table_without_a_column_for_it_needs_the_transactions(
    db: Session, make: Make, tenant: UUID
) -> None:
    refund = make.id("refunds", tenant, reason="the show was bad")
    reject = "UPDATE ticketing.refunds SET status = 'rejected' WHERE id = %s"
    with db.acting("ticketing_app", tenant=tenant, actor="admin"), db.refused("TK203"):
        db.run(reject, refund)
    with db.acting("ticketing_app", tenant=tenant, actor="admin", reason="it was not"):
        assert db.run(reject, refund) == 1


def test_staying_is_no_change(db: Session, make: Make, tenant: UUID) -> None:
    reserved = make.id("reservations", tenant)
    with db.acting("ticketing_app", tenant=tenant, actor="user"):
        again = "UPDATE ticketing.reservations SET status = status WHERE id = %s"
        assert db.run(again, reserved) == 1


def test_a_deadline_is_the_clocks_and_not_the_transactions(
    db: Session, make: Make, tenant: UUID, as_tenant: Acting
) -> None:
    between = db.value("SELECT clock_timestamp() + interval '20 ms'")
    reserved = make.id("reservations", tenant, expires_at=between)
    still_live = make.id("reservations", tenant)
    with as_tenant(tenant):
        with db.refused("TK205"):
            db.run(EXPIRE, still_live)
        db.value("SELECT pg_sleep_until(%s)", between)
        assert between > db.value("SELECT now()")
        assert db.run(EXPIRE, reserved) == 1


def test_the_deadline_is_not_moved_and_passed_in_one_statement(
    db: Session, make: Make, tenant: UUID, as_tenant: Acting
) -> None:
    reserved = make.id("reservations", tenant, created_at=datetime.now(UTC) - timedelta(minutes=2))
    with as_tenant(tenant), db.refused("TK205"):
        db.run(
            """
            UPDATE ticketing.reservations
            SET status = 'expired', expires_at = now() - interval '1 minute'
            WHERE id = %s
            """,
            reserved,
        )


def test_an_unlisted_change_is_refused_before_its_deadline_is_looked_at(
    db: Session, make: Make, tenant: UUID, as_tenant: Acting
) -> None:
    reserved = make.id("reservations", tenant)
    with db.saying(reason="left"):
        db.run(CANCEL.format(""), reserved)
    with as_tenant(tenant), db.refused("TK201"):
        db.run(EXPIRE, reserved)


@pytest.mark.parametrize(
    "table", ["reservations", "ticket_holds", "ticket_transfers", "refunds", "waitlist"]
)
def test_a_missing_status_is_left_to_its_constraint(
    db: Session, make: Make, tenant: UUID, as_tenant: Acting, table: str
) -> None:
    row = make.id(table, tenant)
    with as_tenant(tenant), db.refused("23502"):
        db.run(f"UPDATE ticketing.{table} SET status = NULL WHERE id = %s", row)


def test_an_unknown_actor_changes_nothing(db: Session, make: Make, tenant: UUID) -> None:
    reserved = make.id("reservations", tenant)
    with db.acting("ticketing_app", tenant=tenant, actor="robot", reason="x"), db.refused("TK204"):
        db.run(CANCEL.format(""), reserved)
