"""Policies of reservations: one tenant for services, every tenant for the expiry sweeper."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

import pytest

from support.factories import Make, Row, overdue
from support.session import Session

if TYPE_CHECKING:
    from conftest import Acting

EXPIRE = "UPDATE ticketing.reservations SET status = 'expired'"


@pytest.fixture
def both(make: Make, tenant: UUID, other_tenant: UUID) -> list[Row]:
    """An overdue pending reservation in each of two tenants."""
    return [
        make.row("reservations", owner, quantity=2, **overdue()) for owner in (tenant, other_tenant)
    ]


def seen(db: Session) -> set[UUID]:
    return {row["id"] for row in db.all("SELECT id FROM ticketing.reservations")}


def test_the_sweeper_expires_reservations_of_every_tenant_without_a_context(
    db: Session, both: list[Row], as_worker: Acting
) -> None:
    with as_worker() as sweeper:
        assert seen(sweeper) == {row["id"] for row in both}
        assert len(sweeper.all("SELECT id FROM ticketing.reservations FOR UPDATE")) == 2
        assert sweeper.run(EXPIRE) == 2

    for row in both:
        counters = db.one(
            "SELECT * FROM ticketing.ticket_inventory WHERE ticket_type_id = %s",
            row["ticket_type_id"],
        )
        assert (counters["reserved_quantity"], counters["available_quantity"]) == (0, 100)
        logged = db.all(
            "SELECT tenant_id, status_to, reason FROM ticketing.reservation_history "
            "WHERE reservation_id = %s AND status_from = 'pending'",
            row["id"],
        )
        assert logged == [
            {"tenant_id": row["tenant_id"], "status_to": "expired", "reason": "timeout"}
        ]
    assert db.all("SELECT * FROM ticketing.ticket_inventory_drift") == []


def test_the_sweeper_reads_no_history_without_a_context(both: list[Row], as_worker: Acting) -> None:
    with as_worker() as sweeper:
        assert sweeper.run(EXPIRE) == 2
        assert sweeper.all("SELECT * FROM ticketing.reservation_history") == []


def test_the_sweeper_leaves_what_is_not_overdue(
    db: Session, make: Make, tenant: UUID, as_worker: Acting
) -> None:
    order = make.id("orders", tenant)
    live, sold = make.id("reservations", tenant), make.id("reservations", tenant, order_id=order)
    db.run("UPDATE ticketing.reservations SET status = 'confirmed' WHERE id = %s", sold)
    with as_worker() as sweeper:
        assert sweeper.run(EXPIRE) == 0
        assert sweeper.run("UPDATE ticketing.reservations SET status = 'cancelled'") == 0
    left = db.all("SELECT status FROM ticketing.reservations WHERE id IN (%s, %s)", live, sold)
    assert sorted(row["status"] for row in left) == ["confirmed", "pending"]


@pytest.mark.usefixtures("both")
def test_the_sweeper_does_nothing_but_expire(as_worker: Acting) -> None:
    with as_worker(reason="swept") as sweeper, sweeper.refused("42501"):
        sweeper.run("UPDATE ticketing.reservations SET status = 'cancelled'")


def test_a_worker_with_a_tenant_confirms_for_that_tenant(
    db: Session, make: Make, tenant: UUID, as_worker: Acting
) -> None:
    made = make.id("reservations", tenant, order_id=make.id("orders", tenant))
    confirm = "UPDATE ticketing.reservations SET status = 'confirmed' WHERE id = %s"
    with as_worker(tenant=tenant) as worker:
        assert worker.run(confirm, made) == 1


@pytest.mark.parametrize(
    "column", ["tenant_id", "id", "quantity", "ticket_type_id", "user_id", "created_at", "version"]
)
@pytest.mark.usefixtures("both")
def test_the_sweeper_changes_no_claim(as_worker: Acting, column: str) -> None:
    with as_worker() as sweeper, sweeper.refused("42501"):
        sweeper.run(f"UPDATE ticketing.reservations SET {column} = {column}")


@pytest.mark.parametrize("role", ["ticketing_app", "ticketing_worker"])
@pytest.mark.parametrize("context", ["other-tenant", "none"])
def test_a_reservation_is_made_inside_the_tenant_of_the_session(
    make: Make, tenant: UUID, other_tenant: UUID, role: str, context: str
) -> None:
    db = make.session
    kind = make.ticket_type(tenant)
    add = (
        "INSERT INTO ticketing.reservations "
        "(tenant_id, event_id, ticket_type_id, guest_session, quantity) "
        "VALUES (%s, %s, %s, 'guest', 1)"
    )
    wrong = other_tenant if context == "other-tenant" else None
    with db.acting(role, tenant=wrong), db.refused("42501"):
        db.run(add, tenant, kind["event_id"], kind["id"])
    with db.acting(role, tenant=tenant):
        assert db.run(add, tenant, kind["event_id"], kind["id"]) == 1


def test_a_service_sees_and_changes_those_of_its_tenant(
    db: Session, tenant: UUID, both: list[Row], as_tenant: Acting
) -> None:
    with as_tenant(tenant) as service:
        assert seen(service) == {both[0]["id"]}
        assert service.run(EXPIRE) == 1

    read = "SELECT status FROM ticketing.reservations WHERE id = %s"
    assert db.value(read, both[1]["id"]) == "pending"


@pytest.mark.usefixtures("both")
def test_a_service_without_a_tenant_sees_and_changes_none(db: Session) -> None:
    with db.acting("ticketing_app"):
        assert seen(db) == set()
        assert db.run(EXPIRE) == 0


def test_a_reader_sees_those_of_one_tenant_and_changes_none(
    tenant: UUID, both: list[Row], as_readonly: Acting
) -> None:
    with as_readonly(tenant) as reader:
        assert seen(reader) == {both[0]["id"]}
        with reader.refused("42501"):
            reader.run(EXPIRE)


@pytest.mark.parametrize("role", ["ticketing_app", "ticketing_worker", "ticketing_readonly"])
def test_nobody_deletes_a_reservation(
    db: Session, tenant: UUID, both: list[Row], role: str
) -> None:
    with db.acting(role, tenant=tenant), db.refused("42501"):
        db.run("DELETE FROM ticketing.reservations")
