"""fail_refund: the provider refused."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID, uuid4

import pytest

from support.factories import Make, Row
from support.sales import Sold, call, complete, request, sell, statuses, under_way
from support.session import Session

if TYPE_CHECKING:
    from conftest import Acting


@pytest.fixture
def sold(make: Make, tenant: UUID) -> Sold:
    return sell(make, tenant)


@pytest.fixture
def refund(make: Make, tenant: UUID, sold: Sold) -> UUID:
    return under_way(make, tenant, sold)


def fail(db: Session, refund: UUID | None, code: str | None = "no") -> Row:
    return call(db, "fail_refund", refund_id=refund, failure_code=code)


@pytest.mark.parametrize("role", ["ticketing_app", "ticketing_worker"])
def test_it_fails_once(db: Session, tenant: UUID, *, sold: Sold, refund: UUID, role: str) -> None:
    with db.acting(role, tenant=tenant):
        done = fail(db, refund, "insufficient_funds")
        assert fail(db, refund, "later") == {**done, "outcome": "replayed"}
    assert done == {"refund_id": refund, "status": "failed", "outcome": "failed"}
    assert db.value("SELECT failure_code FROM ticketing.refunds") == "insufficient_funds"
    assert statuses(db, "tickets", *sold.tickets) == ["active", "active"]


def test_only_what_is_under_way_fails(
    db: Session, make: Make, tenant: UUID, *, sold: Sold, refund: UUID, as_tenant: Acting
) -> None:
    others = sell(make, tenant)
    with as_tenant(tenant):
        asked = request(db, others.order)["refund_id"]
        with db.refused("TK201"):
            fail(db, asked)
        complete(db, sold.order, 2000, refund_id=refund)
        with db.refused("TK201"):
            fail(db, refund)
        for missing in (None, " "):
            with db.refused("TK001"):
                fail(db, asked, missing)
        with db.refused("TK610"):
            fail(db, uuid4())


def test_who_may_call(
    db: Session, tenant: UUID, *, sold: Sold, refund: UUID, as_user: Acting, as_readonly: Acting
) -> None:
    with as_user(tenant, sold.user), db.refused("TK119"):
        fail(db, refund)
    with as_readonly(tenant), db.refused("42501"):
        fail(db, refund)
