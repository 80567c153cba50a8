"""reserve_tickets: a cart of one type."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from uuid import UUID, uuid4

import pytest

from support.factories import Make, Row
from support.names import shown
from support.sales import counters, reserve
from support.session import Session

if TYPE_CHECKING:
    from conftest import Acting


@pytest.fixture
def user(make: Make, tenant: UUID) -> UUID:
    return make.id("users", tenant)


@pytest.mark.parametrize("role", ["ticketing_app", "ticketing_worker"])
def test_tickets_are_held_at_the_price_of_the_moment(
    db: Session, make: Make, tenant: UUID, *, user: UUID, role: str
) -> None:
    kind = make.ticket_type(tenant, 10, price_cents=2500)["id"]
    with db.acting(role, tenant=tenant):
        made = reserve(db, kind, 3, user_id=user)
    stored = db.one("SELECT * FROM ticketing.reservations")
    assert made == {
        "reservation_id": stored["id"],
        "quantity": 3,
        "total_cents": 7500,
        "currency": "USD",
        "status": "pending",
        "expires_at": stored["expires_at"],
        "outcome": "created",
    }
    assert (stored["group_id"], stored["total_cents"]) == (None, 7500)
    assert counters(db, kind) == (3, 0, 7)


def test_a_repeat_reserves_once(db: Session, make: Make, tenant: UUID, user: UUID) -> None:
    kind = make.ticket_type(tenant, 2)["id"]
    with db.acting("ticketing_app", tenant=tenant):
        made = reserve(db, kind, 2, user_id=user, idempotency_key="key")
        again = reserve(db, kind, 2, user_id=user, idempotency_key="key")
        assert again == {**made, "outcome": "replayed"}
        with db.refused("TK122"):
            reserve(db, kind, 1, user_id=user, idempotency_key="key")
    assert counters(db, kind) == (2, 0, 0)


NOW = datetime.now(UTC)


@pytest.mark.parametrize(
    ("code", "kind", "quantity"),
    [
        ("TK102", {"is_active": False}, 1),
        ("TK102", {"sale_start": NOW + timedelta(hours=1)}, 1),
        ("TK102", {"sale_end": NOW - timedelta(seconds=1)}, 1),
        ("TK103", {"min_purchase": 2}, 1),
        ("TK103", {"max_purchase": 2}, 3),
        ("TK104", {"max_per_user": 2}, 3),
        ("TK101", {}, 5),
        ("TK001", {}, None),
        (None, {"min_purchase": 2, "max_purchase": 2, "max_per_user": 2}, 2),
        (None, {}, 4),
    ],
    ids=shown,
)
def test_limits_of_the_type(
    db: Session,
    make: Make,
    tenant: UUID,
    *,
    user: UUID,
    code: str | None,
    kind: Row,
    quantity: int | None,
) -> None:
    made = make.ticket_type(tenant, 4, **kind)["id"]
    with db.acting("ticketing_app", tenant=tenant):
        if code is None:
            assert reserve(db, made, quantity, user_id=user)["status"] == "pending"
        else:
            with db.refused(code):
                reserve(db, made, quantity, user_id=user)


def test_a_guest_has_a_session(db: Session, make: Make, tenant: UUID, as_tenant: Acting) -> None:
    kind = make.ticket_type(tenant, 10)["id"]
    with as_tenant(tenant):
        assert reserve(db, kind, guest_session="browser")["outcome"] == "created"
    assert db.value("SELECT guest_session FROM ticketing.reservations") == "browser"


def test_who_may_call_for_which_type(
    db: Session,
    make: Make,
    tenant: UUID,
    *,
    other_tenant: UUID,
    user: UUID,
    as_readonly: Acting,
    as_worker: Acting,
) -> None:
    kind = make.ticket_type(tenant, 10)["id"]
    foreign = make.ticket_type(other_tenant, 10)["id"]
    with db.acting("ticketing_app", tenant=tenant):
        for absent in (uuid4(), foreign):
            with db.refused("TK108"):
                reserve(db, absent, user_id=user)
        with db.refused("TK001"):
            reserve(db, None, user_id=user)
    with as_readonly(tenant), db.refused("42501"):
        reserve(db, kind, user_id=user)
    with as_worker(), db.refused("TK701"):
        reserve(db, kind, user_id=user)
