"""Triggers of orders: what does not count as a newer copy."""

from __future__ import annotations

from uuid import UUID

from support.factories import Make
from support.session import Session


def test_a_refund_moves_the_sum_without_a_stamp(db: Session, make: Make, tenant: UUID) -> None:
    row = make.row("orders", tenant, subtotal_cents=100, total_cents=100, paid_cents=100)
    make.id(
        "refunds",
        tenant,
        order_id=row["id"],
        amount_cents=100,
        status="completed",
        processed_at="now",
    )

    after = db.one("SELECT * FROM ticketing.orders WHERE id = %s", row["id"])
    assert after == {**row, "refunded_cents": 100}
