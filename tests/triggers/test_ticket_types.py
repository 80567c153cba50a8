"""Triggers of ticket_types: what each does, and in which order."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

from support.factories import Make
from support.session import Session
from support.triggers import in_order

if TYPE_CHECKING:
    from conftest import Acting

PRICES = """
    SELECT old_price_cents, new_price_cents FROM ticketing.ticket_price_history
    WHERE ticket_type_id = %s ORDER BY old_price_cents NULLS FIRST
"""


def test_they_fire_in_the_order_of_their_names(db: Session) -> None:
    assert in_order(db, "ticket_types") == [
        ("BEFORE", "UPDATE", "ROW", "trg_ticket_types_90_raise_version"),
        ("AFTER", "INSERT", "ROW", "trg_ticket_types_10_create_inventory"),
        ("AFTER", "INSERT", "ROW", "trg_ticket_types_20_log_first_price"),
        ("AFTER", "UPDATE", "ROW", "trg_ticket_types_30_log_price"),
    ]


def test_a_new_type_has_its_counters_and_its_first_price(
    db: Session, make: Make, tenant: UUID
) -> None:
    kind = make.row("ticket_types", tenant, price_cents=500)
    query = "SELECT count(*) FROM ticketing.ticket_inventory WHERE ticket_type_id = %s"
    assert db.value(query, kind["id"]) == 1
    assert db.all(PRICES, kind["id"]) == [{"old_price_cents": None, "new_price_cents": 500}]


def test_a_changed_price_is_logged_and_the_same_price_is_not(
    db: Session, make: Make, tenant: UUID, as_tenant: Acting
) -> None:
    kind = make.id("ticket_types", tenant, price_cents=500)
    with as_tenant(tenant):
        for cents in (500, 700):
            db.run("UPDATE ticketing.ticket_types SET price_cents = %s WHERE id = %s", cents, kind)
        db.run("UPDATE ticketing.ticket_types SET name = 'Standing' WHERE id = %s", kind)
    assert db.all(PRICES, kind) == [
        {"old_price_cents": None, "new_price_cents": 500},
        {"old_price_cents": 500, "new_price_cents": 700},
    ]


def test_an_update_makes_no_second_row_of_counters(db: Session, make: Make, tenant: UUID) -> None:
    kind = make.id("ticket_types", tenant)
    db.run("UPDATE ticketing.ticket_types SET name = 'Standing' WHERE id = %s", kind)
    query = "SELECT count(*) FROM ticketing.ticket_inventory WHERE ticket_type_id = %s"
    assert db.value(query, kind) == 1
