"""open_order_of_hold: the order of a confirmed hold, ahead of its copy."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID, uuid4

import psycopg
import pytest

from support.databases import Database
from support.factories import Make
from support.races import in_turn
from support.session import Session
from support.zones import READ, confirm, hold, zone

if TYPE_CHECKING:
    from conftest import Acting

COPY = """
    INSERT INTO ticketing.orders AS o (tenant_id, id, order_number, total_cents, subtotal_cents,
        paid_cents, status, version)
    VALUES (%s, %s, %s, 5000, 5000, 5000, 'completed', %s)
    ON CONFLICT (tenant_id, id) DO UPDATE SET
        order_number = excluded.order_number, subtotal_cents = excluded.subtotal_cents,
        total_cents = excluded.total_cents, paid_cents = excluded.paid_cents,
        status = excluded.status, version = excluded.version
"""


def confirmed(db: Session, make: Make, tenant: UUID) -> tuple[UUID, UUID]:
    """Returns a confirmed hold and its order."""
    here = zone(make, tenant, 10)
    with db.acting("ticketing_app", tenant=tenant):
        made = hold(db, here, 2)["hold_id"]
        return made, confirm(db, made)["order_id"]


@pytest.mark.parametrize("version", [0, 1, 7])
def test_the_first_message_of_the_owner_replaces_what_was_announced(
    db: Session, make: Make, tenant: UUID, as_worker: Acting, version: int
) -> None:
    _, order = confirmed(db, make, tenant)
    with as_worker():
        assert db.run(COPY, tenant, order, "O-1", version) == 1
        assert db.run(COPY, tenant, order, "O-1", version) == 0
    after = db.one("SELECT * FROM ticketing.orders WHERE id = %s", order)
    assert (after["order_number"], after["paid_cents"], after["status"], after["version"]) == (
        "O-1",
        5000,
        "completed",
        version,
    )


def test_what_was_announced_cannot_be_refunded_before_it_is_paid(
    db: Session, make: Make, tenant: UUID, as_tenant: Acting
) -> None:
    _, order = confirmed(db, make, tenant)
    with as_tenant(tenant), db.refused("TK601"):
        make.row("refunds", tenant, order_id=order, status="completed", processed_at="now")


def test_the_outbox_tells_the_order_service_once(
    db: Session, make: Make, tenant: UUID, as_tenant: Acting
) -> None:
    made, order = confirmed(db, make, tenant)
    with as_tenant(tenant):
        confirm(db, made)
        told = db.one("SELECT * FROM ticketing.outbox")
    stored = db.one(READ, made)
    assert (told["id"], told["aggregate_type"], told["aggregate_id"], told["event_type"]) == (
        made,
        "hold",
        str(made),
        "hold.confirmed",
    )
    payload = told["payload"]
    assert db.value("SELECT %s::timestamptz", payload.pop("confirmed_at")) == stored["confirmed_at"]
    assert payload == {
        "hold_id": str(made),
        "order_id": str(order),
        "event_id": str(stored["event_id"]),
        "zone_id": str(stored["zone_id"]),
        "user_id": None,
        "quantity": 2,
    }


def test_a_hold_that_is_not_confirmed_opens_no_order(
    db: Session, make: Make, tenant: UUID, as_tenant: Acting
) -> None:
    made = make.id("holds", tenant)
    with as_tenant(tenant):
        db.run("UPDATE ticketing.holds SET status = 'released' WHERE id = %s", made)
        assert db.all("SELECT * FROM ticketing.orders") == []
        assert db.all("SELECT * FROM ticketing.outbox") == []


def test_an_update_by_hand_has_its_order_as_well(
    db: Session, make: Make, tenant: UUID, as_tenant: Acting
) -> None:
    one, two = make.id("holds", tenant), make.id("holds", tenant)
    order = uuid4()
    query = """
        UPDATE ticketing.holds
        SET status = 'confirmed', confirm_idempotency_key = 'key', order_id = %s WHERE id = %s
    """
    with as_tenant(tenant):
        db.run(query, order, one)
        db.run(query, None, two)
        orders = {row["id"] for row in db.all("SELECT id FROM ticketing.orders")}
    assert orders == {order, db.one(READ, two)["order_id"]}


def test_no_service_announces_an_order_itself(db: Session, tenant: UUID, as_tenant: Acting) -> None:
    with as_tenant(tenant), db.refused("42501"):
        db.run("INSERT INTO ticketing.orders (tenant_id, order_number) VALUES (%s, 'mine')", tenant)


def test_a_copy_that_arrives_meanwhile_wins(clone: Database) -> None:
    with psycopg.connect(clone.superuser_url) as connection:
        make = Make(Session(connection))
        tenant = make.tenant()
        made = make.id("holds", tenant)
        order = uuid4()

    def announce(connection: psycopg.Connection) -> None:
        connection.execute("SELECT ticketing.confirm_hold(%s, 'key', %s)", [made, order])

    def copy(connection: psycopg.Connection) -> None:
        Session(connection).run(COPY, tenant, order, "O-1", 0)

    _, error, waited = in_turn(clone, "ts_test_worker", announce, copy, tenant=tenant)
    with psycopg.connect(clone.superuser_url) as connection:
        after = Session(connection).one("SELECT * FROM ticketing.orders")
    assert (error, waited) == (None, True)
    assert (after["id"], after["order_number"], after["version"]) == (order, "O-1", 0)
