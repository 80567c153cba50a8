"""Failure 2: inventory is given back twice, or never."""

from __future__ import annotations

from uuid import UUID

import psycopg

from defects.defect import Act, Race, Rewrite
from support.factories import overdue

GIVE_UP = "UPDATE ticketing.reservations SET status = %s, release_reason = 'given up' WHERE id = %s"
COUNTERS = """
    SELECT quantity, reserved_quantity, available_quantity
    FROM ticketing.ticket_inventory WHERE ticket_type_id = %s
"""
DRIFT = "SELECT ticket_type_id FROM ticketing.ticket_inventory_drift"
# The state machine lets a reservation end once; what it gives back hangs on where it was.
TWICE = (
    "ALTER TABLE ticketing.reservations DISABLE TRIGGER trg_reservations_05_change_status",
    Rewrite(
        "release_ticket_availability",
        "sum(n.quantity) FILTER (WHERE o.status = 'pending')",
        "sum(n.quantity)",
    ),
    Rewrite("release_ticket_availability", "o.status IN ('pending', 'confirmed') AND", ""),
)


def change(status: str, row: UUID) -> Act:
    def act(connection: psycopg.Connection) -> int:
        connection.execute("SELECT set_config('app.actor_type', 'system', TRUE)")
        return connection.execute(GIVE_UP.encode(), [status, row]).rowcount

    return act


def test_buyer_and_sweeper_end_one_reservation_at_once(race: Race) -> None:
    def look() -> object:
        kind = race.make.ticket_type(race.tenant, 10)
        mine, _ = [
            race.make.id(
                "reservations",
                race.tenant,
                ticket_type_id=kind["id"],
                event_id=kind["event_id"],
                quantity=2,
                **overdue(),
            )
            for _ in range(2)
        ]
        one, other = race.run(change("cancelled", mine), change("expired", mine))
        drift = [row["ticket_type_id"] for row in race.db.all(DRIFT)]
        left = race.db.one(COUNTERS, kind["id"])["available_quantity"]
        return one, getattr(other, "sqlstate", other), left, kind["id"] in drift

    race.prove(look, *TWICE, promised=(1, "TK201", 8, False), broken=(1, 1, 10, True))


def test_a_sweeper_dies_before_it_commits_and_another_comes(race: Race) -> None:
    def look() -> object:
        kind = race.make.ticket_type(race.tenant, 10)
        given = {"ticket_type_id": kind["id"], "event_id": kind["event_id"], "quantity": 2}
        row = race.make.id("reservations", race.tenant, **given, **overdue())
        left = []
        for act in (race.die, race.alone):
            act(change("expired", row))
            left.append(race.db.one(COUNTERS, kind["id"])["available_quantity"])
        return left

    race.prove(
        look,
        "ALTER TABLE ticketing.reservations DISABLE TRIGGER trg_reservations_80_release",
        promised=[8, 10],
        broken=[8, 8],
    )
