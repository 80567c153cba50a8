"""Triggers of refunds: the order follows what is refunded."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

import pytest

from support.factories import Make
from support.session import Session
from support.triggers import in_order

if TYPE_CHECKING:
    from conftest import Acting


def paid_order(make: Make, tenant: UUID) -> UUID:
    return make.id("orders", tenant, subtotal_cents=1000, total_cents=1000, paid_cents=1000)


def refunded(db: Session, order: UUID) -> int:
    amount: int = db.value("SELECT refunded_cents FROM ticketing.orders WHERE id = %s", order)
    return amount


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        ("pending", 0),
        ("approved", 0),
        ("rejected", 0),
        ("processing", 0),
        ("completed", 100),
        ("failed", 0),
        ("cancelled", 0),
    ],
)
def test_only_a_completed_refund_counts_when_it_is_added(
    make: Make, tenant: UUID, status: str, expected: int
) -> None:
    order = paid_order(make, tenant)
    make.id("refunds", tenant, order_id=order, status=status, processed_at="now")

    assert refunded(make.session, order) == expected


@pytest.mark.parametrize(
    ("way", "expected"),
    [
        ("approved", 0),
        ("rejected", 0),
        ("approved > processing", 0),
        ("approved > cancelled", 0),
        ("approved > processing > failed", 0),
        ("approved > processing > completed", 100),
        ("approved > processing > failed > processing > completed", 100),
    ],
)
def test_only_completion_counts_when_a_refund_moves_on(
    make: Make, tenant: UUID, as_tenant: Acting, way: str, expected: int
) -> None:
    order = paid_order(make, tenant)
    refund = make.id("refunds", tenant, order_id=order, processed_at="now")
    with as_tenant(tenant):
        make.advance("refunds", refund, *way.split(" > "))

    assert refunded(make.session, order) == expected


@pytest.mark.parametrize(
    "change", ["reason = 'later'", "status = 'completed'", "status = status, attempt_count = 2"]
)
def test_a_completed_refund_that_is_written_again_counts_once(
    make: Make, tenant: UUID, as_tenant: Acting, change: str
) -> None:
    order = paid_order(make, tenant)
    refund = make.id("refunds", tenant, order_id=order, status="completed", processed_at="now")
    with as_tenant(tenant) as service:
        service.run(f"UPDATE ticketing.refunds SET {change} WHERE id = %s", refund)

    assert refunded(make.session, order) == 100


@pytest.mark.parametrize("column", ["amount_cents", "currency", "order_id"])
def test_what_is_refunded_of_which_order_stays(
    make: Make, tenant: UUID, as_tenant: Acting, column: str
) -> None:
    make.id("refunds", tenant)
    with as_tenant(tenant) as service, service.refused("42501"):
        service.run(f"UPDATE ticketing.refunds SET {column} = {column}")


def test_order_and_payment_count_before_tickets_end(db: Session) -> None:
    for event in ("INSERT", "UPDATE"):
        after = [t for t in in_order(db, "refunds") if t[:2] == ("AFTER", event)]
        assert [name.removesuffix(f"_{event.lower()}") for *_, name in after] == [
            "trg_refunds_10_apply",
            "trg_refunds_20_apply_payment",
            "trg_refunds_30_end_tickets",
        ]


@pytest.mark.parametrize("arrives", [False, True])
def test_a_completed_refund_ends_what_it_pays_back(
    db: Session, make: Make, tenant: UUID, *, arrives: bool
) -> None:
    order = paid_order(make, tenant)
    ticket = make.id(
        "tickets",
        tenant,
        order_id=order,
        status="active",
        user_id=make.id("users", tenant),
        price_cents=1000,
    )
    given = {"order_id": order, "amount_cents": 1000, "processed_at": "2030-01-01"}
    status = "SELECT status FROM ticketing.tickets WHERE id = %s"
    if arrives:
        make.id("refunds", tenant, status="completed", **given)
    else:
        made = make.id("refunds", tenant, status="processing", **given)
        assert db.value(status, ticket) == "active"
        make.advance("refunds", made, "completed")
    assert db.value(status, ticket) == "refunded"
