"""Triggers of zones: what each does, and in which order."""

from __future__ import annotations

from uuid import UUID

from support.factories import Make
from support.session import Session
from support.zones import buckets, zone


def test_they_fire_in_the_order_of_their_names(db: Session) -> None:
    rows = db.all(
        """
        SELECT action_timing, event_manipulation, action_orientation, trigger_name
        FROM information_schema.triggers
        WHERE event_object_schema = 'ticketing' AND event_object_table = 'zones'
        ORDER BY action_timing DESC, event_manipulation, action_order
        """
    )
    assert [tuple(row.values()) for row in rows] == [
        ("BEFORE", "UPDATE", "ROW", "trg_zones_90_raise_version"),
        ("AFTER", "INSERT", "ROW", "trg_zones_90_spread_insert"),
        ("AFTER", "UPDATE", "ROW", "trg_zones_90_spread_update"),
    ]


def test_a_new_zone_has_counters_and_a_changed_one_follows(
    db: Session, make: Make, tenant: UUID
) -> None:
    made = zone(make, tenant, 10)
    assert buckets(db, made["id"]) == [(10, 0, 0)]
    db.run("UPDATE ticketing.zones SET capacity = 12 WHERE id = %s", made["id"])
    assert buckets(db, made["id"]) == [(12, 0, 0)]


def test_every_update_raises_the_version_whatever_the_statement_says(
    db: Session, make: Make, tenant: UUID
) -> None:
    made = zone(make, tenant)
    db.run("UPDATE ticketing.zones SET version = 40 WHERE id = %s", made["id"])
    after = db.one("SELECT * FROM ticketing.zones WHERE id = %s", made["id"])
    assert (made["version"], after["version"]) == (1, 2)
    assert after["updated_at"] > made["updated_at"]
