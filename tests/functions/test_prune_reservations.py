"""prune_reservations: reservations that came to nothing, with their history."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

import pytest

from support.factories import Make
from support.session import Session
from support.sweeps import DAY, MINUTE, ended_reservation

if TYPE_CHECKING:
    from conftest import Acting

PRUNE = "SELECT ticketing.prune_reservations('30 days')"
HISTORY = "SELECT status_to FROM ticketing.reservation_history"


def change(db: Session, row: UUID, what: str, *values: object) -> None:
    """Changes a reservation past its guards."""
    with db.unguarded("reservations", "10_guard"), db.unguarded("reservations", "05_change_status"):
        db.run(f"UPDATE ticketing.reservations SET {what} WHERE id = %s", *values, row)


def test_the_history_goes_with_it(db: Session, make: Make, tenant: UUID, as_worker: Acting) -> None:
    ended_reservation(make, tenant, 99 * DAY)
    make.row("reservations", tenant)
    assert len(db.all(HISTORY)) == 3
    with as_worker():
        assert db.value(PRUNE) == 1
    assert [row["status_to"] for row in db.all(HISTORY)] == ["pending"]
    assert db.all("SELECT * FROM ticketing.ticket_inventory_drift") == []


def test_a_cancelled_one_goes_as_well(
    db: Session, make: Make, tenant: UUID, as_worker: Acting
) -> None:
    row = ended_reservation(make, tenant, 99 * DAY)
    with db.unguarded("reservations", "10_log_update"):
        change(db, row, "status = 'cancelled'")
    with as_worker():
        assert db.value(PRUNE) == 1


def test_one_that_had_an_order_stays(
    db: Session, make: Make, tenant: UUID, as_worker: Acting
) -> None:
    row = ended_reservation(make, tenant, 99 * DAY)
    change(db, row, "order_id = %s", make.id("orders", tenant))
    with as_worker():
        assert db.value(PRUNE) == 0
    with db.acting("ticketing_owner"):
        db.run("DELETE FROM ticketing.reservation_history")
        assert db.run("DELETE FROM ticketing.reservations") == 0


@pytest.mark.parametrize("table", ["tickets", "waitlist"])
def test_one_that_is_referred_to_stays_and_keeps_nothing_else(
    db: Session, make: Make, tenant: UUID, *, as_worker: Acting, table: str
) -> None:
    kept, _ = (ended_reservation(make, tenant, days * DAY) for days in (99, 98))
    more = {"status": "reserved", "user_id": make.id("users", tenant)} if table == "tickets" else {}
    make.row(table, tenant, reservation_id=kept, **more)
    with as_worker():
        assert db.value("SELECT ticketing.prune_reservations('30 days', 1)") == 1
        assert db.value(PRUNE) == 0
    assert db.all("SELECT id FROM ticketing.reservations") == [{"id": kept}]
    assert len(db.all(HISTORY)) == 2


def test_history_that_is_too_young_keeps_its_reservation(
    db: Session, make: Make, tenant: UUID, as_worker: Acting
) -> None:
    row = ended_reservation(make, tenant, 99 * DAY)
    make.row(
        "reservation_history",
        tenant,
        reservation_id=row,
        status_from="pending",
        status_to="expired",
        quantity=1,
    )
    with as_worker():
        assert db.value(PRUNE) == 0
    assert len(db.all(HISTORY)) == 3


def test_the_age_counts_from_the_end(
    db: Session, make: Make, tenant: UUID, as_worker: Acting
) -> None:
    row = ended_reservation(make, tenant, 99 * DAY)
    change(db, row, "released_at = now() - %s", 30 * DAY - MINUTE)
    with as_worker():
        assert db.value(PRUNE) == 0


@pytest.mark.parametrize("role", ["ticketing_app", "ticketing_worker", "ticketing_readonly"])
def test_history_is_as_append_only_as_before(
    db: Session, make: Make, tenant: UUID, role: str
) -> None:
    ended_reservation(make, tenant, 99 * DAY)
    with db.acting(role, tenant=tenant), db.refused("42501"):
        db.run("DELETE FROM ticketing.reservation_history")
    with db.refused("TK003"):
        db.run("DELETE FROM ticketing.reservation_history")
    with db.acting("ticketing_owner"), db.refused("TK003"):
        db.run("UPDATE ticketing.reservation_history SET reason = 'other'")
