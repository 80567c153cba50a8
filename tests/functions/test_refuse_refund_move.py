"""refuse_refund_move: a completed refund stays with the payment that has counted it."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

import pytest

from support.factories import Make
from support.session import Session

if TYPE_CHECKING:
    from conftest import Acting

MOVE = "UPDATE ticketing.refunds SET payment_id = %s WHERE id = %s"


@pytest.fixture
def paid(make: Make, tenant: UUID) -> tuple[UUID, UUID, UUID]:
    """An order and two payments of it."""
    order = make.id("orders", tenant, paid_cents=1000)
    one, two = (make.id("payments", tenant, order_id=order, status="succeeded") for _ in range(2))
    return order, one, two


@pytest.mark.parametrize("role", ["ticketing_app", "ticketing_worker"])
def test_the_payment_of_a_completed_refund_is_fixed(
    db: Session, make: Make, tenant: UUID, *, paid: tuple[UUID, UUID, UUID], role: str
) -> None:
    order, one, two = paid
    given = {"order_id": order, "status": "completed", "processed_at": "now"}
    counted = make.id("refunds", tenant, payment_id=one, **given)
    free = make.id("refunds", tenant, **given)
    with db.acting(role, tenant=tenant):
        for refund, payment in ((counted, two), (counted, None), (free, one)):
            with db.refused("TK002"):
                db.run(MOVE, payment, refund)
        assert db.run(MOVE, one, counted) == 1


def test_an_open_refund_may_still_choose(
    make: Make, tenant: UUID, paid: tuple[UUID, UUID, UUID], as_tenant: Acting
) -> None:
    order, one, two = paid
    refund = make.id("refunds", tenant, order_id=order, payment_id=one)
    with as_tenant(tenant) as service:
        assert service.run(MOVE, two, refund) == service.run(MOVE, None, refund) == 1
