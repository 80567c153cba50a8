"""Triggers of spending_limits: what each does, and in which order."""

from __future__ import annotations

from uuid import UUID

from support.factories import Make
from support.session import Session


def test_they_fire_in_the_order_of_their_names(db: Session) -> None:
    rows = db.all(
        """
        SELECT action_timing, event_manipulation, trigger_name
        FROM information_schema.triggers
        WHERE event_object_schema = 'ticketing' AND event_object_table = 'spending_limits'
        ORDER BY event_manipulation, action_order
        """
    )
    assert [tuple(row.values()) for row in rows] == [
        ("BEFORE", "INSERT", "trg_spending_limits_10_guard"),
        ("BEFORE", "UPDATE", "trg_spending_limits_10_guard"),
        ("BEFORE", "UPDATE", "trg_spending_limits_90_raise_version"),
    ]


def test_every_update_raises_the_version(db: Session, make: Make, tenant: UUID) -> None:
    made = make.row("spending_limits", tenant)
    db.run("UPDATE ticketing.spending_limits SET version = 40 WHERE id = %s", made["id"])
    after = db.one("SELECT * FROM ticketing.spending_limits WHERE id = %s", made["id"])
    assert after["version"] == 2
    assert after["updated_at"] > made["updated_at"]


def test_the_guard_looks_at_a_new_row_and_at_a_changed_one(
    db: Session, make: Make, tenant: UUID
) -> None:
    with db.refused("TK726"):
        make.row("spending_limits", tenant, timezone="Mars/Phobos")
    made = make.id("spending_limits", tenant)
    with db.refused("TK726"):
        db.run("UPDATE ticketing.spending_limits SET timezone = 'Mars/Phobos' WHERE id = %s", made)
