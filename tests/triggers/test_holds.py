"""Triggers of holds: what each does, and in which order."""

from __future__ import annotations

from uuid import UUID

from support.factories import Make
from support.session import Session
from support.zones import counters, zone


def test_they_fire_in_the_order_of_their_names(db: Session) -> None:
    rows = db.all(
        """
        SELECT action_timing, event_manipulation, action_orientation, trigger_name
        FROM information_schema.triggers
        WHERE event_object_schema = 'ticketing' AND event_object_table = 'holds'
        ORDER BY action_timing DESC, event_manipulation, action_order
        """
    )
    assert [tuple(row.values()) for row in rows] == [
        ("BEFORE", "INSERT", "ROW", "trg_holds_05_start_status"),
        ("BEFORE", "INSERT", "ROW", "trg_holds_20_choose_bucket"),
        ("BEFORE", "UPDATE", "ROW", "trg_holds_05_change_status"),
        ("BEFORE", "UPDATE", "ROW", "trg_holds_10_guard"),
        ("BEFORE", "UPDATE", "ROW", "trg_holds_20_open_order"),
        ("BEFORE", "UPDATE", "ROW", "trg_holds_90_raise_version"),
        ("AFTER", "INSERT", "STATEMENT", "trg_holds_90_move_insert"),
        ("AFTER", "UPDATE", "STATEMENT", "trg_holds_90_move_update"),
    ]


def test_together_they_carry_a_hold_from_claim_to_order(
    db: Session, make: Make, tenant: UUID
) -> None:
    here = zone(make, tenant, 10)
    made = make.row("holds", tenant, zone_id=here["id"], quantity=4)
    assert counters(db, here["id"]) == (4, 0, 6)
    db.run(
        """
        UPDATE ticketing.holds SET status = 'confirmed', confirm_idempotency_key = 'key'
        WHERE id = %s
        """,
        made["id"],
    )
    assert counters(db, here["id"]) == (0, 4, 6)
    after = db.one("SELECT * FROM ticketing.holds WHERE id = %s", made["id"])
    assert after["confirmed_at"] is not None
    assert (
        db.value("SELECT id FROM ticketing.orders WHERE tenant_id = %s", tenant)
        == (after["order_id"])
    )


def test_every_update_raises_the_version_whatever_the_statement_says(
    db: Session, make: Make, tenant: UUID
) -> None:
    made = make.row("holds", tenant)
    db.run("UPDATE ticketing.holds SET version = 40 WHERE id = %s", made["id"])
    after = db.one("SELECT * FROM ticketing.holds WHERE id = %s", made["id"])
    assert (made["version"], after["version"]) == (1, 2)
    assert after["updated_at"] > made["updated_at"]
