"""create_ticket_inventory: a ticket type is born with its counters."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

import pytest

from support.factories import Make
from support.session import Session

if TYPE_CHECKING:
    from conftest import Acting

CREATE = """
    INSERT INTO ticketing.ticket_types (
        tenant_id, event_id, name, price_cents, sale_start, sale_end
    )
    SELECT %s, %s, name, 100, now(), now() + interval '1 day' FROM unnest(%s::text[]) AS name
    RETURNING id
"""


def test_a_new_type_has_one_row_of_counters_with_nothing_to_sell(
    db: Session, make: Make, tenant: UUID, as_tenant: Acting
) -> None:
    event = make.id("events", tenant)
    with as_tenant(tenant):
        kind = db.value(CREATE, tenant, event, ["Standing"])
    row = db.one("SELECT * FROM ticketing.ticket_inventory WHERE ticket_type_id = %s", kind)
    assert {name: row[name] for name in row if name != "updated_at"} == {
        "tenant_id": tenant,
        "ticket_type_id": kind,
        "epoch": 1,
        "updates": 0,
        "quantity": 0,
        "reserved_quantity": 0,
        "sold_quantity": 0,
        "held_quantity": 0,
        "available_quantity": 0,
    }


def test_nothing_can_be_reserved_until_a_quantity_is_set(
    db: Session, make: Make, tenant: UUID
) -> None:
    kind = make.row("ticket_types", tenant)
    with db.refused("TK101"):
        make.row("reservations", tenant, ticket_type_id=kind["id"])


def test_each_type_of_one_statement_has_its_own_row(
    db: Session, make: Make, tenant: UUID, as_tenant: Acting
) -> None:
    event = make.id("events", tenant)
    with as_tenant(tenant):
        made = {row["id"] for row in db.all(CREATE, tenant, event, ["One", "Two", "Three"])}
        rows = db.all("SELECT ticket_type_id FROM ticketing.ticket_inventory")
    assert {row["ticket_type_id"] for row in rows} == made
    assert len(rows) == 3


def test_a_worker_makes_the_counters_with_the_type(
    db: Session, make: Make, tenant: UUID, as_worker: Acting
) -> None:
    event = make.id("events", tenant)
    with as_worker(tenant=tenant):
        kind = db.value(CREATE, tenant, event, ["Standing"])
    query = "SELECT tenant_id FROM ticketing.ticket_inventory WHERE ticket_type_id = %s"
    assert db.value(query, kind) == tenant


def test_a_refused_type_leaves_no_counters(
    db: Session, make: Make, tenant: UUID, as_tenant: Acting
) -> None:
    event = make.id("events", tenant)
    with as_tenant(tenant), db.refused("23505", "uq_ticket_types_event_name"):
        db.run(CREATE, tenant, event, ["Standing", "Standing"])
    query = "SELECT count(*) FROM ticketing.ticket_inventory WHERE tenant_id = %s"
    assert db.value(query, tenant) == 0


@pytest.mark.parametrize("role", ["ticketing_app", "ticketing_worker"])
def test_a_type_for_another_tenant_is_refused_with_its_counters(
    db: Session, make: Make, tenant: UUID, other_tenant: UUID, role: str
) -> None:
    event = make.id("events", other_tenant)
    with db.acting(role, tenant=tenant), db.refused("42501"):
        db.run(CREATE, other_tenant, event, ["Standing"])
    query = "SELECT count(*) FROM ticketing.ticket_inventory WHERE tenant_id = %s"
    assert db.value(query, other_tenant) == 0
