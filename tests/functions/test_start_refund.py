"""start_refund: the last look before the money moves."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID, uuid4

import pytest

from support.factories import Make, Row
from support.sales import Sold, call, complete, make_user, request, sell, under_way
from support.session import Session

if TYPE_CHECKING:
    from conftest import Acting


@pytest.fixture
def sold(make: Make, tenant: UUID) -> Sold:
    return sell(make, tenant)


def start(db: Session, refund: UUID | None, provider: str | None = "stripe") -> Row:
    return call(db, "start_refund", refund_id=refund, provider=provider)


@pytest.fixture
def approved(db: Session, make: Make, tenant: UUID, sold: Sold) -> UUID:
    with db.acting("ticketing_app", tenant=tenant, actor="admin"):
        asked: UUID = request(db, sold.order, ticket_id=sold.tickets[0])["refund_id"]
        call(db, "approve_refund", refund_id=asked, approved_by=make_user(make, tenant))
    return asked


@pytest.mark.parametrize("role", ["ticketing_app", "ticketing_worker"])
def test_it_is_under_way_once(db: Session, tenant: UUID, approved: UUID, role: str) -> None:
    with db.acting(role, tenant=tenant):
        begun = start(db, approved)
        assert start(db, approved) == {**begun, "outcome": "replayed"}
        with db.refused("TK201"):
            start(db, approved, "paypal")
    assert begun == {
        "refund_id": approved,
        "status": "processing",
        "amount_cents": 1000,
        "currency": "USD",
        "attempt_count": 1,
        "outcome": "started",
    }


def test_a_failed_one_is_tried_again(
    db: Session, tenant: UUID, approved: UUID, as_tenant: Acting
) -> None:
    with as_tenant(tenant):
        start(db, approved)
        call(db, "fail_refund", refund_id=approved, failure_code="no")
        again = start(db, approved)
    assert (again["attempt_count"], again["outcome"]) == (2, "started")
    assert db.value("SELECT failure_code FROM ticketing.refunds") is None


def test_what_was_refunded_outside_meanwhile_counts(
    db: Session, tenant: UUID, *, sold: Sold, approved: UUID, as_tenant: Acting
) -> None:
    with as_tenant(tenant):
        complete(db, sold.order, 1001)
        with db.refused("TK601"):
            start(db, approved)


def test_the_whole_rest_may_be_refunded(
    db: Session, tenant: UUID, *, sold: Sold, approved: UUID, as_tenant: Acting
) -> None:
    with as_tenant(tenant):
        complete(db, sold.order, 1000)
        assert start(db, approved)["outcome"] == "started"


def test_a_ticket_with_another_open_refund_waits(
    db: Session, make: Make, tenant: UUID, *, sold: Sold, as_tenant: Acting
) -> None:
    failed = under_way(make, tenant, sold, ticket_id=sold.tickets[0], amount_cents=1)
    with as_tenant(tenant):
        call(db, "fail_refund", refund_id=failed, failure_code="no")
        request(db, sold.order, ticket_id=sold.tickets[0], amount_cents=1)
        with db.refused("TK606"):
            start(db, failed)


def test_a_ticket_with_a_transaction_in_flight_waits(
    db: Session, make: Make, tenant: UUID, *, sold: Sold, approved: UUID, as_tenant: Acting
) -> None:
    make.id("pending_transactions", tenant, ticket_id=sold.tickets[0])
    with as_tenant(tenant), db.refused("TK209"):
        start(db, approved)


def test_only_what_is_approved_is_started(
    db: Session, tenant: UUID, sold: Sold, as_tenant: Acting
) -> None:
    with as_tenant(tenant):
        asked = request(db, sold.order)["refund_id"]
        with db.refused("TK201"):
            start(db, asked)
        for missing in (None, " "):
            with db.refused("TK001"):
                start(db, asked, missing)
        with db.refused("TK610"):
            start(db, uuid4())


def test_who_may_call(
    db: Session,
    tenant: UUID,
    *,
    sold: Sold,
    approved: UUID,
    as_user: Acting,
    as_readonly: Acting,
    as_worker: Acting,
) -> None:
    with as_user(tenant, sold.user), db.refused("TK119"):
        start(db, approved)
    with as_readonly(tenant), db.refused("42501"):
        start(db, approved)
    with as_worker(), db.refused("TK701"):
        start(db, approved)
