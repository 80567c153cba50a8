"""refundable_of_ticket: what its buyer has not got back."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID, uuid4

import pytest

from support.factories import Make
from support.sales import complete, order_of, sell, under_way
from support.session import Session

if TYPE_CHECKING:
    from conftest import Acting

ASK = "SELECT ticketing.refundable_of_ticket(%s)"


@pytest.mark.parametrize(
    ("subtotal", "discount", "expected"),
    [
        (3000, 0, 1000),
        (3000, 100, 966),
        (3000, 3000, 0),
        (3000, 1, 999),
        (0, 0, 1000),
        (2**62, 0, 1000),
    ],
)
def test_the_price_less_its_part_of_the_discount(
    db: Session, make: Make, tenant: UUID, *, subtotal: int, discount: int, expected: int
) -> None:
    order = order_of(
        make, tenant, subtotal, discount_cents=discount, total_cents=subtotal - discount
    )
    ticket = make.id("tickets", tenant, order_id=order, price_cents=1000, status="reserved")
    with db.acting("ticketing_app", tenant=tenant):
        assert db.value(ASK, ticket) == expected


def test_what_was_refunded_for_it_is_gone(
    db: Session, make: Make, tenant: UUID, as_tenant: Acting
) -> None:
    sold = sell(make, tenant)
    refund = under_way(make, tenant, sold, ticket_id=sold.tickets[0], amount_cents=400)
    with as_tenant(tenant):
        assert db.value(ASK, sold.tickets[0]) == 1000
        complete(db, sold.order, 400, refund_id=refund)
        assert [db.value(ASK, ticket) for ticket in sold.tickets] == [600, 1000]


def test_a_ticket_without_price_order_or_tenant(
    db: Session, make: Make, tenant: UUID, other_tenant: UUID, as_tenant: Acting
) -> None:
    gift = make.id("tickets", tenant, order_id=order_of(make, tenant, 0), status="reserved")
    loose, foreign = make.id("tickets", tenant), sell(make, other_tenant)
    with as_tenant(tenant):
        asked = (gift, loose, foreign.tickets[0], uuid4(), None)
        assert [db.value(ASK, ticket) for ticket in asked] == [0, None, None, None, None]


def test_who_may_call(
    db: Session, make: Make, tenant: UUID, as_readonly: Acting, as_worker: Acting
) -> None:
    sold = sell(make, tenant)
    with as_readonly(tenant), db.refused("42501"):
        db.value(ASK, sold.tickets[0])
    with as_worker(tenant=tenant):
        assert db.value(ASK, sold.tickets[0]) == 1000
