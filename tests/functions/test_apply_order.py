"""apply_order: the orders that the order service tells of, the newest message alone."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

from support.factories import Make
from support.replicas import Messages
from support.session import Session

if TYPE_CHECKING:
    from conftest import Acting


class TestMessages(Messages):
    """What holds for every copy."""

    table = "orders"
    indexed = ("order_number",)


def test_the_sum_of_refunds_stays(db: Session, make: Make, tenant: UUID, as_worker: Acting) -> None:
    order = make.id("orders", tenant, paid_cents=500, refunded_cents=200)
    call = "SELECT ticketing.apply_order(%s, %s, 2, 'new', p_paid_cents => %s)"
    with as_worker() as worker:
        assert worker.value(call, tenant, order, 400) == "applied"
    found = db.one("SELECT paid_cents, refunded_cents FROM ticketing.orders WHERE id = %s", order)
    assert found == {"paid_cents": 400, "refunded_cents": 200}


def test_less_paid_than_refunded_is_refused(make: Make, tenant: UUID, as_worker: Acting) -> None:
    order = make.id("orders", tenant, paid_cents=500, refunded_cents=200)
    with as_worker() as worker, worker.refused("23514", "chk_orders_refund_ceiling"):
        worker.value(
            "SELECT ticketing.apply_order(%s, %s, 2, 'new', p_paid_cents => 199)", tenant, order
        )
