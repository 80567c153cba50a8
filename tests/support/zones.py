"""Zones and holds, as a service uses them: calls by name, counters to compare."""

from __future__ import annotations

import itertools
from typing import Any
from uuid import UUID

from .factories import Make, Row
from .requests import call
from .session import Session

DRIFT = "SELECT * FROM ticketing.zone_inventory_drift"
READ = "SELECT * FROM ticketing.holds WHERE id = %s"
RUN_OUT = "UPDATE ticketing.holds SET expires_at = clock_timestamp() WHERE id = %s"
_keys = itertools.count(1)


def zone(make: Make, tenant: UUID, capacity: int = 10, **given: Any) -> Row:
    """Returns a new zone with so many places."""
    return make.row("zones", tenant, capacity=capacity, **given)


def hold(db: Session, zone: Row, quantity: int | None = 1, **given: Any) -> Row:
    """Asks for places with a key of its own, unless one is given."""
    usual = {"idempotency_key": f"hold-req-{next(_keys)}"}
    place = {"event_id": zone["event_id"], "zone_id": zone["id"], "quantity": quantity}
    return call(db, "create_hold", **(place | usual | given))


def confirm(db: Session, hold_id: UUID | None, key: str | None = "confirm-req-1") -> Row:
    """Confirms a hold, without an order of the caller's."""
    return call(db, "confirm_hold", hold_id=hold_id, idempotency_key=key)


def release(db: Session, hold_id: UUID | None) -> Row:
    """Gives a hold up."""
    return call(db, "release_hold", hold_id=hold_id)


def counters(db: Session, zone_id: UUID) -> tuple[int, ...]:
    """Returns held, confirmed and free of a zone, over all its buckets."""
    row = db.one(
        """
        SELECT sum(held_quantity), sum(confirmed_quantity) AS c, sum(available_quantity) AS a
        FROM ticketing.zone_inventory WHERE zone_id = %s
        """,
        zone_id,
    )
    return tuple(int(value) for value in row.values())


def buckets(db: Session, zone_id: UUID) -> list[tuple[int, int, int]]:
    """Returns capacity, held and confirmed of each bucket of a zone, in order."""
    rows = db.all(
        """
        SELECT capacity, held_quantity, confirmed_quantity
        FROM ticketing.zone_inventory WHERE zone_id = %s ORDER BY bucket
        """,
        zone_id,
    )
    return [(r["capacity"], r["held_quantity"], r["confirmed_quantity"]) for r in rows]
