"""Triggers of spending_limits: what each does, and in which order."""

from __future__ import annotations

from uuid import UUID

from support.factories import Make
from support.session import Session
from support.triggers import in_order


def test_they_fire_in_the_order_of_their_names(db: Session) -> None:
    assert in_order(db, "spending_limits") == [
        ("BEFORE", "INSERT", "ROW", "trg_spending_limits_10_guard"),
        ("BEFORE", "UPDATE", "ROW", "trg_spending_limits_10_guard"),
        ("BEFORE", "UPDATE", "ROW", "trg_spending_limits_90_raise_version"),
    ]


def test_the_guard_looks_at_a_new_row_and_at_a_changed_one(
    db: Session, make: Make, tenant: UUID
) -> None:
    with db.refused("TK726"):
        make.row("spending_limits", tenant, timezone="Mars/Phobos")
    made = make.id("spending_limits", tenant)
    with db.refused("TK726"):
        db.run("UPDATE ticketing.spending_limits SET timezone = 'Mars/Phobos' WHERE id = %s", made)
