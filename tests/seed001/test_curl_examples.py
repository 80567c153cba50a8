"""Each curl example of the document that zones come from, as the call that a service makes."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

import pytest

from support.factories import Make, Row
from support.requests import call
from support.session import Session
from support.zones import RUN_OUT, counters, zone

if TYPE_CHECKING:
    from conftest import Acting


@pytest.fixture
def here(make: Make, tenant: UUID) -> Row:
    """The zone of EVENT_ID and ZONE_ID."""
    return zone(make, tenant, 10)


def post_holds(db: Session, here: Row, quantity: int, idempotency_key: str) -> Row:
    return call(
        db,
        "create_hold",
        event_id=here["event_id"],
        zone_id=here["id"],
        quantity=quantity,
        idempotency_key=idempotency_key,
    )


def post_confirm(db: Session, hold: Row, idempotency_key: str) -> Row:
    return call(db, "confirm_hold", hold_id=hold["hold_id"], idempotency_key=idempotency_key)


def test_create_hold_201(db: Session, tenant: UUID, here: Row, as_tenant: Acting) -> None:
    with as_tenant(tenant):
        made = post_holds(db, here, 2, "hold-req-1")
    assert (made["outcome"], made["status"]) == ("created", "active")
    left = db.value("SELECT %s - clock_timestamp() <= '15 minutes'", made["expires_at"])
    assert left is True
    assert db.value("SELECT %s - clock_timestamp() > '14 minutes'", made["expires_at"]) is True
    assert counters(db, here["id"]) == (2, 0, 8)


def test_idempotent_retry_201_same_hold_id(
    db: Session, tenant: UUID, here: Row, as_tenant: Acting
) -> None:
    with as_tenant(tenant):
        made = post_holds(db, here, 2, "hold-req-1")
        again = post_holds(db, here, 2, "hold-req-1")
    assert again == {**made, "outcome": "replayed"}
    assert counters(db, here["id"]) == (2, 0, 8)


def test_idempotency_conflict_409(db: Session, tenant: UUID, here: Row, as_tenant: Acting) -> None:
    with as_tenant(tenant):
        post_holds(db, here, 2, "hold-req-1")
        with db.refused("TK122"):
            post_holds(db, here, 3, "hold-req-1")
    assert counters(db, here["id"]) == (2, 0, 8)


def test_confirm_hold_201(db: Session, tenant: UUID, here: Row, as_tenant: Acting) -> None:
    with as_tenant(tenant):
        made = post_holds(db, here, 2, "hold-req-1")
        order = post_confirm(db, made, "confirm-req-1")
        stored = db.one("SELECT * FROM ticketing.orders")
    assert order["hold_id"] == made["hold_id"]
    assert (order["status"], order["outcome"]) == ("confirmed", "confirmed")
    assert order["created_at"] is not None
    assert (stored["id"], stored["status"]) == (order["order_id"], "confirmed")
    assert counters(db, here["id"]) == (0, 2, 8)


def test_idempotent_confirm_retry_200_same_order_id(
    db: Session, tenant: UUID, here: Row, as_tenant: Acting
) -> None:
    with as_tenant(tenant):
        made = post_holds(db, here, 2, "hold-req-1")
        order = post_confirm(db, made, "confirm-req-1")
        again = post_confirm(db, made, "confirm-req-1")
        assert db.value("SELECT count(*) FROM ticketing.orders") == 1
    assert again == {**order, "outcome": "replayed"}
    assert counters(db, here["id"]) == (0, 2, 8)


def test_another_confirm_key_409_already_confirmed(
    db: Session, tenant: UUID, here: Row, as_tenant: Acting
) -> None:
    with as_tenant(tenant):
        made = post_holds(db, here, 2, "hold-req-1")
        post_confirm(db, made, "confirm-req-1")
        with db.refused("TK128"):
            post_confirm(db, made, "confirm-req-2")
        assert db.value("SELECT count(*) FROM ticketing.orders") == 1


def test_capacity_409(db: Session, tenant: UUID, here: Row, as_tenant: Acting) -> None:
    with as_tenant(tenant):
        post_holds(db, here, 9, "hold-req-1")
        with db.refused("TK121"):
            post_holds(db, here, 2, "hold-req-2")
        assert post_holds(db, here, 1, "hold-req-3")["outcome"] == "created"


def test_an_expired_hold_says_so(db: Session, tenant: UUID, here: Row, as_tenant: Acting) -> None:
    with as_tenant(tenant):
        made = post_holds(db, here, 2, "hold-req-1")
        db.run(RUN_OUT, made["hold_id"])
        with db.refused("TK127"):
            post_confirm(db, made, "confirm-req-1")
        again = post_holds(db, here, 2, "hold-req-1")
    assert again["hold_id"] == made["hold_id"]
    assert (again["outcome"], again["status"]) == ("replayed", "expired")
