"""reject_refund: declined, for a reason that is told."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID, uuid4

import pytest

from support.factories import Make, Row
from support.sales import Sold, call, request, sell, under_way
from support.session import Session

if TYPE_CHECKING:
    from conftest import Acting


@pytest.fixture
def sold(make: Make, tenant: UUID) -> Sold:
    return sell(make, tenant)


@pytest.fixture
def asked(db: Session, tenant: UUID, sold: Sold) -> UUID:
    with db.acting("ticketing_app", tenant=tenant):
        made: UUID = request(db, sold.order)["refund_id"]
    return made


def reject(db: Session, refund: UUID | None, reason: str | None = "too late") -> Row:
    return call(db, "reject_refund", refund_id=refund, reason=reason)


@pytest.mark.parametrize("role", ["ticketing_app", "ticketing_worker"])
def test_it_is_declined_once_and_told(
    db: Session, tenant: UUID, *, sold: Sold, asked: UUID, role: str
) -> None:
    with db.acting(role, tenant=tenant, actor="admin"):
        done = reject(db, asked)
        assert reject(db, asked) == {**done, "outcome": "replayed"}
        assert db.value("SELECT current_setting('app.status_change_reason')") == ""
    assert done == {"refund_id": asked, "status": "rejected", "outcome": "rejected"}
    told = db.one("SELECT id, payload FROM ticketing.outbox WHERE aggregate_type = 'refund'")
    assert told["id"] == asked
    assert told["payload"] == {
        "refund_id": str(asked),
        "order_id": str(sold.order),
        "ticket_id": None,
        "amount_cents": 2000,
        "currency": "USD",
        "reason": "too late",
    }


def test_only_a_pending_one_is_declined_by_who_may(
    db: Session, make: Make, tenant: UUID, *, asked: UUID
) -> None:
    begun = under_way(make, tenant, sell(make, tenant))
    with db.acting("ticketing_app", tenant=tenant, actor="service"), db.refused("TK202"):
        reject(db, asked)
    with db.acting("ticketing_app", tenant=tenant, actor="admin"):
        with db.refused("TK201"):
            reject(db, begun)
        for missing in (None, " "):
            with db.refused("TK001"):
                reject(db, asked, missing)
        with db.refused("TK610"):
            reject(db, uuid4())


def test_who_may_call(
    db: Session, tenant: UUID, *, sold: Sold, asked: UUID, as_user: Acting, as_readonly: Acting
) -> None:
    with as_user(tenant, sold.user), db.refused("TK119"):
        reject(db, asked)
    with as_readonly(tenant), db.refused("42501"):
        reject(db, asked)
