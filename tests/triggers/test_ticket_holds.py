"""Triggers of ticket_holds: what each does, and in which order."""

from __future__ import annotations

from uuid import UUID

from support.factories import Make
from support.session import Session
from support.triggers import in_order

HELD = "SELECT held_quantity FROM ticketing.ticket_inventory WHERE ticket_type_id = %s"


def test_they_fire_in_the_order_of_their_names(db: Session) -> None:
    assert in_order(db, "ticket_holds") == [
        ("BEFORE", "INSERT", "ROW", "trg_ticket_holds_05_start_status"),
        ("BEFORE", "UPDATE", "ROW", "trg_ticket_holds_05_change_status"),
        ("BEFORE", "UPDATE", "ROW", "trg_ticket_holds_10_guard"),
        ("BEFORE", "UPDATE", "ROW", "trg_ticket_holds_90_raise_version"),
        ("AFTER", "INSERT", "STATEMENT", "trg_ticket_holds_90_hold_insert"),
        ("AFTER", "UPDATE", "STATEMENT", "trg_ticket_holds_90_hold_update"),
    ]


def test_a_new_hold_takes_its_places_and_a_changed_one_follows(
    db: Session, make: Make, tenant: UUID
) -> None:
    kind = make.ticket_type(tenant, 10)
    made = make.id("ticket_holds", tenant, ticket_type_id=kind["id"], quantity=4)
    assert db.value(HELD, kind["id"]) == 4
    db.run("UPDATE ticketing.ticket_holds SET remaining_quantity = 1 WHERE id = %s", made)
    assert db.value(HELD, kind["id"]) == 1
