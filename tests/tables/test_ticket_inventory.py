"""ticket_inventory: rules of the table."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID, uuid4

import pytest

from support.factories import Make
from support.session import Session

if TYPE_CHECKING:
    from conftest import Acting

INSERT = """
    INSERT INTO ticketing.ticket_inventory (tenant_id, ticket_type_id, epoch, quantity)
    VALUES (%s, %s, %s, 0)
"""
COUNTED = ("reserved_quantity", "sold_quantity", "held_quantity")


@pytest.mark.parametrize(
    ("constraint", "change"),
    [
        ("chk_ticket_inventory_quantity_positive", "quantity = -1, reserved_quantity = -1"),
        ("chk_ticket_inventory_counters_positive", "reserved_quantity = -1"),
        ("chk_ticket_inventory_counters_positive", "sold_quantity = -1"),
        ("chk_ticket_inventory_counters_positive", "held_quantity = -1"),
        ("chk_ticket_inventory_available_positive", "reserved_quantity = 11"),
        ("chk_ticket_inventory_available_positive", "sold_quantity = 11"),
        ("chk_ticket_inventory_available_positive", "held_quantity = 11"),
        (
            "chk_ticket_inventory_available_positive",
            "reserved_quantity = 4, sold_quantity = 4, held_quantity = 3",
        ),
        ("chk_ticket_inventory_epoch", "epoch = 0"),
        ("chk_ticket_inventory_epoch", "updates = -1"),
    ],
)
def test_a_value_outside_the_rules_is_refused(
    db: Session, make: Make, tenant: UUID, constraint: str, change: str
) -> None:
    kind = make.ticket_type(tenant, 10)["id"]
    # Of two broken rules the one that comes first by name would answer.
    if constraint == "chk_ticket_inventory_quantity_positive":
        db.run(
            """
            ALTER TABLE ticketing.ticket_inventory
            DROP CONSTRAINT chk_ticket_inventory_counters_positive
            """
        )
    with db.refused("23514", constraint):
        db.run(f"UPDATE ticketing.ticket_inventory SET {change} WHERE ticket_type_id = %s", kind)


@pytest.mark.parametrize(
    ("change", "free"),
    [
        ("quantity = 0", 0),
        ("reserved_quantity = 10", 0),
        ("sold_quantity = 10", 0),
        ("held_quantity = 10", 0),
        ("reserved_quantity = 4, sold_quantity = 3, held_quantity = 3", 0),
        ("reserved_quantity = 1, sold_quantity = 2, held_quantity = 3", 4),
        ("epoch = 1, updates = 0", 10),
    ],
)
def test_what_is_free_follows_the_other_four(
    db: Session, make: Make, tenant: UUID, change: str, free: int
) -> None:
    kind = make.ticket_type(tenant, 10)["id"]
    query = f"""
        UPDATE ticketing.ticket_inventory SET {change} WHERE ticket_type_id = %s
        RETURNING available_quantity
    """
    assert db.value(query, kind) == free


def test_a_type_has_one_row_an_epoch(db: Session, make: Make, tenant: UUID) -> None:
    kind = make.id("ticket_types", tenant)
    with db.refused("23505", "pk_ticket_inventory"):
        db.run(INSERT, tenant, kind, 1)


def test_the_type_must_be_one_of_the_tenant(
    db: Session, make: Make, tenant: UUID, other_tenant: UUID
) -> None:
    for kind in (uuid4(), make.id("ticket_types", other_tenant)):
        with db.refused("23503", "fk_ticket_inventory_ticket_type_id"):
            db.run(INSERT, tenant, kind, 1)


def test_the_counters_go_with_their_type(db: Session, make: Make, tenant: UUID) -> None:
    kind = make.id("ticket_types", tenant)
    db.run("ALTER TABLE ticketing.ticket_price_history DISABLE TRIGGER USER")
    db.run("DELETE FROM ticketing.ticket_price_history WHERE ticket_type_id = %s", kind)
    assert db.run("DELETE FROM ticketing.ticket_types WHERE id = %s", kind) == 1
    query = "SELECT count(*) FROM ticketing.ticket_inventory WHERE ticket_type_id = %s"
    assert db.value(query, kind) == 0


@pytest.mark.parametrize("role", ["ticketing_app", "ticketing_worker"])
@pytest.mark.parametrize(
    "column", [*COUNTED, "epoch", "updates", "updated_at", "tenant_id", "ticket_type_id"]
)
def test_a_service_cannot_write_counters(
    db: Session, make: Make, tenant: UUID, role: str, column: str
) -> None:
    make.ticket_type(tenant, 10)
    with db.acting(role, tenant=tenant), db.refused("42501"):
        db.run(f"UPDATE ticketing.ticket_inventory SET {column} = {column}")


@pytest.mark.parametrize("role", ["ticketing_app", "ticketing_worker"])
def test_a_service_cannot_add_or_delete_counters(
    db: Session, make: Make, tenant: UUID, role: str
) -> None:
    kind = make.ticket_type(tenant, 10)["id"]
    with db.acting(role, tenant=tenant):
        with db.refused("42501"):
            db.run(INSERT, tenant, kind, 2)
        with db.refused("42501"):
            db.run("DELETE FROM ticketing.ticket_inventory WHERE ticket_type_id = %s", kind)


def test_a_reader_cannot_write_at_all(
    db: Session, make: Make, tenant: UUID, as_readonly: Acting
) -> None:
    make.ticket_type(tenant, 10)
    with as_readonly(tenant), db.refused("42501"):
        db.run("UPDATE ticketing.ticket_inventory SET quantity = 20")


def test_a_quantity_written_directly_still_covers_what_is_taken(
    db: Session, make: Make, tenant: UUID, as_tenant: Acting
) -> None:
    kind = make.ticket_type(tenant, 10)["id"]
    make.row("reservations", tenant, ticket_type_id=kind, quantity=4)
    change = "UPDATE ticketing.ticket_inventory SET quantity = %s WHERE ticket_type_id = %s"
    with as_tenant(tenant):
        with db.refused("23514", "chk_ticket_inventory_available_positive"):
            db.run(change, 3, kind)
        assert db.run(change, 4, kind) == 1
