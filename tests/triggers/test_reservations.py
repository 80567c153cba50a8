"""Triggers of reservations: what each does, and in which order."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

from support.factories import Make
from support.session import Session
from support.triggers import in_order

if TYPE_CHECKING:
    from conftest import Acting

COUNTERS = """
    SELECT reserved_quantity, sold_quantity, available_quantity FROM ticketing.ticket_inventory
    WHERE ticket_type_id = %s
"""


def test_they_fire_in_the_order_of_their_names_and_the_counters_come_last(db: Session) -> None:
    assert in_order(db, "reservations") == [
        ("BEFORE", "INSERT", "ROW", "trg_reservations_05_start_status"),
        ("BEFORE", "INSERT", "ROW", "trg_reservations_10_guard"),
        ("BEFORE", "UPDATE", "ROW", "trg_reservations_05_change_status"),
        ("BEFORE", "UPDATE", "ROW", "trg_reservations_10_guard"),
        ("BEFORE", "UPDATE", "ROW", "trg_reservations_90_raise_version"),
        ("AFTER", "INSERT", "STATEMENT", "trg_reservations_10_log_insert"),
        ("AFTER", "INSERT", "STATEMENT", "trg_reservations_90_take_insert"),
        ("AFTER", "UPDATE", "STATEMENT", "trg_reservations_10_log_update"),
        ("AFTER", "UPDATE", "STATEMENT", "trg_reservations_20_settle"),
        ("AFTER", "UPDATE", "STATEMENT", "trg_reservations_80_release"),
        ("AFTER", "UPDATE", "STATEMENT", "trg_reservations_90_take_update"),
    ]


def test_the_guard_refuses_a_new_row_and_a_changed_one(
    db: Session, make: Make, tenant: UUID
) -> None:
    kind = make.ticket_type(tenant, 10, is_active=False)
    with db.refused("TK102"):
        make.row("reservations", tenant, ticket_type_id=kind["id"])
    made = make.id("reservations", tenant)
    with db.refused("TK002"):
        db.run("UPDATE ticketing.reservations SET quantity = 2 WHERE id = %s", made)


def test_the_guard_refuses_before_the_row_takes_anything(
    db: Session, make: Make, tenant: UUID
) -> None:
    kind = make.ticket_type(tenant, 10, max_purchase=2)
    with db.refused("TK103"):
        make.row("reservations", tenant, ticket_type_id=kind["id"], quantity=11)


def test_the_second_of_two_writers_of_one_version_changes_nothing(
    db: Session, make: Make, tenant: UUID, as_tenant: Acting
) -> None:
    made = make.id("reservations", tenant)
    write = "UPDATE ticketing.reservations SET type_name = %s WHERE id = %s AND version = 1"
    with as_tenant(tenant):
        assert [db.run(write, name, made) for name in ("first", "second")] == [1, 0]


def test_a_new_row_is_logged_and_takes_its_quantity(db: Session, make: Make, tenant: UUID) -> None:
    kind = make.ticket_type(tenant, 10)
    made = make.id("reservations", tenant, ticket_type_id=kind["id"], quantity=2)
    query = "SELECT status_to FROM ticketing.reservation_history WHERE reservation_id = %s"
    assert db.value(query, made) == "pending"
    assert tuple(db.one(COUNTERS, kind["id"]).values()) == (2, 0, 8)


def test_a_changed_status_is_logged_and_moves_the_counters(
    db: Session, make: Make, tenant: UUID
) -> None:
    kind = make.ticket_type(tenant, 10)
    order = make.id("orders", tenant)
    given = {"ticket_type_id": kind["id"], "order_id": order, "quantity": 2}
    made = make.id("reservations", tenant, **given)
    make.advance("reservations", made, "confirmed")
    assert tuple(db.one(COUNTERS, kind["id"]).values()) == (0, 2, 8)
    make.advance("reservations", made, "cancelled")
    assert tuple(db.one(COUNTERS, kind["id"]).values()) == (0, 0, 10)
    query = "SELECT count(*) FROM ticketing.reservation_history WHERE reservation_id = %s"
    assert db.value(query, made) == 3


def test_an_offer_ends_before_the_counters_are_moved(
    db: Session, make: Make, tenant: UUID, as_tenant: Acting
) -> None:
    kind = make.ticket_type(tenant, 1)["id"]
    make.id("waitlist", tenant, ticket_type_id=kind)
    with as_tenant(tenant, reason="the buyer left"):
        db.all("SELECT * FROM ticketing.offer_waitlist(%s)", kind)
        db.run("UPDATE ticketing.reservations SET status = 'cancelled'")
    assert db.value("SELECT status FROM ticketing.waitlist") == "cancelled"
    assert tuple(db.one(COUNTERS, kind).values()) == (0, 0, 1)
