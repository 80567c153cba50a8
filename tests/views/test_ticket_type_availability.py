"""ticket_type_availability: types with their counters, one row a type."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

import pytest

from support.factories import Make
from support.session import Session

if TYPE_CHECKING:
    from conftest import Acting

READ = "SELECT * FROM ticketing.ticket_type_availability"


@pytest.mark.parametrize("role", ["ticketing_app", "ticketing_worker", "ticketing_readonly"])
def test_a_reader_sees_a_type_with_its_counters(
    db: Session, make: Make, tenant: UUID, role: str
) -> None:
    kind = make.ticket_type(tenant, 10, name="Standing", price_cents=500, currency="EUR")
    order = make.id("orders", tenant)
    given = {"ticket_type_id": kind["id"], "order_id": order}
    sold = make.id("reservations", tenant, quantity=3, **given)
    db.run("UPDATE ticketing.reservations SET status = 'confirmed' WHERE id = %s", sold)
    make.row("reservations", tenant, quantity=1, **given)
    make.row("ticket_holds", tenant, ticket_type_id=kind["id"], quantity=2)
    with db.acting(role, tenant=tenant):
        row = db.one(READ)
    assert row == {
        "tenant_id": tenant,
        "event_id": kind["event_id"],
        "ticket_type_id": kind["id"],
        "name": "Standing",
        "price_cents": 500,
        "currency": "EUR",
        "sale_start": kind["sale_start"],
        "sale_end": kind["sale_end"],
        "is_active": True,
        "quantity": 10,
        "reserved_quantity": 1,
        "sold_quantity": 3,
        "held_quantity": 2,
        "available_quantity": 4,
    }


def test_a_type_shows_once_after_its_counters_changed_epoch(
    db: Session, make: Make, tenant: UUID, as_readonly: Acting
) -> None:
    kind = make.ticket_type(tenant, 10)["id"]
    db.run("UPDATE ticketing.ticket_inventory SET updates = 499 WHERE ticket_type_id = %s", kind)
    make.row("reservations", tenant, ticket_type_id=kind, quantity=4)
    with as_readonly(tenant):
        assert db.one(READ)["available_quantity"] == 6


def test_a_withdrawn_and_a_sold_out_type_are_shown_as_such(
    db: Session, make: Make, tenant: UUID, as_readonly: Acting
) -> None:
    make.ticket_type(tenant, 0, is_active=False)
    with as_readonly(tenant):
        row = db.one(READ)
    assert (row["is_active"], row["available_quantity"]) == (False, 0)


def test_types_of_another_tenant_are_not_shown(
    db: Session, make: Make, tenant: UUID, other_tenant: UUID, as_tenant: Acting
) -> None:
    kind = make.ticket_type(tenant, 10)["id"]
    make.ticket_type(other_tenant, 10)
    with as_tenant(tenant):
        assert [row["ticket_type_id"] for row in db.all(READ)] == [kind]


@pytest.mark.parametrize("role", ["ticketing_app", "ticketing_worker", "ticketing_readonly"])
def test_without_a_tenant_nothing_is_shown(
    db: Session, make: Make, tenant: UUID, role: str
) -> None:
    make.ticket_type(tenant, 10)
    with db.acting(role):
        assert db.all(READ) == []


def test_a_login_without_grants_may_not_read_it(
    db: Session, tenant: UUID, as_nobody: Acting
) -> None:
    with as_nobody(tenant=tenant), db.refused("42501"):
        db.all(READ)
