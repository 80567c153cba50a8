"""Policies of ticket_inventory: a service reads counters and sets the quantity, nothing more."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID

import pytest

from support.factories import Make
from support.session import Session

if TYPE_CHECKING:
    from conftest import Acting

SERVICES = ["ticketing_app", "ticketing_worker"]
SET = "UPDATE ticketing.ticket_inventory SET quantity = 200"


@pytest.fixture
def kind(make: Make, tenant: UUID) -> UUID:
    """A ticket type with a hundred to sell."""
    made: UUID = make.ticket_type(tenant, 100)["id"]
    return made


@pytest.fixture
def foreign(make: Make, other_tenant: UUID) -> UUID:
    """The same in another tenant."""
    made: UUID = make.ticket_type(other_tenant, 100)["id"]
    return made


def quantity(db: Session, kind: UUID) -> Any:
    return db.value(
        "SELECT quantity FROM ticketing.ticket_inventory WHERE ticket_type_id = %s", kind
    )


@pytest.mark.parametrize("role", SERVICES)
def test_a_service_sets_the_quantity_of_its_tenant_alone(
    make: Make, kind: UUID, foreign: UUID, tenant: UUID, role: str
) -> None:
    db = make.session
    with db.acting(role, tenant=tenant):
        assert db.run(SET) == 1

    assert (quantity(db, kind), quantity(db, foreign)) == (200, 100)


@pytest.mark.parametrize("role", SERVICES)
@pytest.mark.usefixtures("kind")
def test_without_a_tenant_there_are_no_counters(db: Session, role: str) -> None:
    with db.acting(role):
        assert db.all("SELECT * FROM ticketing.ticket_inventory") == []
        assert db.run(SET) == 0


@pytest.mark.parametrize("role", SERVICES)
@pytest.mark.parametrize(
    "column",
    [
        "tenant_id",
        "ticket_type_id",
        "epoch",
        "updates",
        "reserved_quantity",
        "sold_quantity",
        "held_quantity",
        "updated_at",
    ],
)
@pytest.mark.usefixtures("kind")
def test_a_service_moves_no_counter(db: Session, tenant: UUID, role: str, column: str) -> None:
    with db.acting(role, tenant=tenant), db.refused("42501"):
        db.run(f"UPDATE ticketing.ticket_inventory SET {column} = {column}")


@pytest.mark.parametrize("role", SERVICES)
def test_a_service_adds_and_removes_no_counters(
    db: Session, tenant: UUID, kind: UUID, role: str
) -> None:
    add = (
        "INSERT INTO ticketing.ticket_inventory (tenant_id, ticket_type_id, epoch, quantity) "
        "VALUES (%s, %s, 2, 100)"
    )
    with db.acting(role, tenant=tenant):
        with db.refused("42501"):
            db.run(add, tenant, kind)
        with db.refused("42501"):
            db.run("DELETE FROM ticketing.ticket_inventory")


@pytest.mark.parametrize("role", SERVICES)
def test_a_service_cannot_call_what_moves_the_counters(
    db: Session, tenant: UUID, kind: UUID, role: str
) -> None:
    with db.acting(role, tenant=tenant), db.refused("42501"):
        db.run("SELECT ticketing.move_ticket_inventory(%s, %s, 0, 0, 0)", tenant, kind)


def test_a_reader_reads_and_sets_nothing(
    tenant: UUID, kind: UUID, foreign: UUID, as_readonly: Acting
) -> None:
    with as_readonly(tenant) as reader:
        counters = reader.all("SELECT ticket_type_id, quantity FROM ticketing.ticket_inventory")
        assert counters == [{"ticket_type_id": kind, "quantity": 100}]
        with reader.refused("42501"):
            reader.run(SET)


@pytest.mark.usefixtures("kind", "foreign")
def test_only_the_owner_reaches_the_counters_of_every_tenant(db: Session) -> None:
    with db.acting("ticketing_owner"):
        assert db.run("UPDATE ticketing.ticket_inventory SET updates = 1") == 2
        assert db.run("DELETE FROM ticketing.ticket_inventory") == 0
    for role in (*SERVICES, "ticketing_readonly"):
        with db.acting(role):
            assert db.value("SELECT count(*) FROM ticketing.ticket_inventory") == 0


def test_a_member_of_the_owner_sees_nothing_until_it_acts_as_the_owner(
    db: Session, make: Make, tenant: UUID
) -> None:
    make.row("ticket_types", tenant)
    db.run("GRANT ticketing_owner TO ts_test_nobody")
    with db.acting("ts_test_nobody"):
        for table in ("ticket_inventory", "users", "orders", "tickets"):
            assert db.all(f"SELECT 1 FROM ticketing.{table}") == []
        assert db.run("UPDATE ticketing.ticket_inventory SET sold_quantity = 1") == 0
