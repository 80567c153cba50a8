"""Triggers of users: what does not count as a newer copy."""

from __future__ import annotations

from uuid import UUID

from support.factories import Make
from support.session import Session


def test_the_counters_move_without_a_stamp(db: Session, make: Make, tenant: UUID) -> None:
    row = make.row("users", tenant)
    make.id("tickets", tenant, status="sold", user_id=row["id"], price_cents=100)

    after = db.one("SELECT * FROM ticketing.users WHERE id = %s", row["id"])
    assert after == {**row, "ticket_purchase_count": 1, "total_spent_cents": 100}
