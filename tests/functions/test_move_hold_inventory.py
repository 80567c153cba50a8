"""move_hold_inventory: counters follow holds, each counter once a statement."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

import psycopg
import pytest

from support.databases import Database
from support.factories import Make, Row, overdue
from support.races import race
from support.session import Session
from support.zones import DRIFT, buckets, counters, zone

if TYPE_CHECKING:
    from conftest import Acting

END = """
    UPDATE ticketing.holds
    SET status = %s, confirm_idempotency_key = CASE %s WHEN 'confirmed' THEN 'key' END
    WHERE id = ANY (%s)
"""


def insert(db: Session, *items: tuple[Row, int, int]) -> list[UUID]:
    """Holds places, all in one statement; an item is a zone, a bucket and a quantity."""
    values = ", ".join(["(%s, %s, %s, %s, %s, %s || nextval('pg_temp.keys'))"] * len(items))
    db.run("CREATE TEMP SEQUENCE IF NOT EXISTS keys")
    made = db.all(
        f"""
        INSERT INTO ticketing.holds (
            tenant_id, event_id, zone_id, bucket_no, quantity, idempotency_key
        ) VALUES {values} RETURNING id
        """,
        *[
            value
            for here, bucket, quantity in items
            for value in (here["tenant_id"], here["event_id"], here["id"], bucket, quantity, "key")
        ],
    )
    return [row["id"] for row in made]


def moves(db: Session, here: Row) -> int:
    query = "SELECT sum(updates)::integer FROM ticketing.zone_inventory WHERE zone_id = %s"
    made: int = db.value(query, here["id"])
    return made


def test_one_statement_moves_each_counter_once(
    db: Session, make: Make, tenant: UUID, as_tenant: Acting
) -> None:
    one, two = zone(make, tenant, 10), zone(make, tenant, 60, bucket_count=2)
    with as_tenant(tenant):
        insert(db, (one, 0, 1), (two, 1, 2), (one, 0, 3), (two, 0, 4))
    assert counters(db, one["id"]) == (4, 0, 6)
    assert buckets(db, two["id"]) == [(30, 4, 0), (30, 2, 0)]
    assert (moves(db, one), moves(db, two)) == (1, 2)


def test_holds_that_fit_alone_but_not_together_are_refused(
    db: Session, make: Make, tenant: UUID, as_tenant: Acting
) -> None:
    here = zone(make, tenant, 10)
    with as_tenant(tenant), db.refused("TK121"):
        insert(db, (here, 0, 6), (here, 0, 5))
    assert counters(db, here["id"]) == (0, 0, 10)


@pytest.mark.parametrize(
    ("status", "after"),
    [("confirmed", (3, 4, 3)), ("released", (3, 0, 7)), ("expired", (3, 0, 7))],
)
def test_the_counters_follow_the_end_of_a_hold_once(
    db: Session, make: Make, tenant: UUID, *, as_tenant: Acting, status: str, after: tuple[int, ...]
) -> None:
    here = zone(make, tenant, 10)
    make.row("holds", tenant, zone_id=here["id"], quantity=3)
    made = make.id("holds", tenant, zone_id=here["id"], quantity=4)
    if status == "expired":
        db.run("UPDATE ticketing.holds SET expires_at = clock_timestamp() WHERE id = %s", made)
    with as_tenant(tenant, actor="system"):
        db.run(END, status, status, [made])
        db.run("UPDATE ticketing.holds SET status = status WHERE id = %s", made)
    assert counters(db, here["id"]) == after
    assert moves(db, here) == 3
    assert db.all(DRIFT) == []


def test_a_change_that_ends_nothing_moves_nothing(
    db: Session, make: Make, tenant: UUID, as_tenant: Acting
) -> None:
    here = zone(make, tenant, 10)
    make.row("holds", tenant, zone_id=here["id"], quantity=3)
    with as_tenant(tenant):
        assert db.run("UPDATE ticketing.holds SET expires_at = expires_at + interval '1 min'") == 1
    assert (counters(db, here["id"]), moves(db, here)) == ((3, 0, 7), 1)


def test_one_statement_ends_holds_of_several_zones(
    db: Session, make: Make, tenant: UUID, as_tenant: Acting
) -> None:
    one, two = zone(make, tenant, 10), zone(make, tenant, 60, bucket_count=2)
    with as_tenant(tenant):
        made = insert(db, (one, 0, 1), (two, 1, 2), (one, 0, 3), (two, 0, 4))
        assert db.run(END, "released", "released", made) == 4
    assert counters(db, one["id"]) == (0, 0, 10)
    assert buckets(db, two["id"]) == [(30, 0, 0), (30, 0, 0)]
    assert (moves(db, one), moves(db, two)) == (2, 4)


def test_counters_that_were_tampered_with_do_not_go_below_zero(
    db: Session, make: Make, tenant: UUID, as_tenant: Acting
) -> None:
    here = zone(make, tenant, 10)
    made = make.id("holds", tenant, zone_id=here["id"], quantity=3)
    db.run("UPDATE ticketing.zone_inventory SET held_quantity = 2 WHERE zone_id = %s", here["id"])
    with as_tenant(tenant), db.refused("TK130"):
        db.run(END, "released", "released", [made])


def test_only_the_zones_of_the_changed_rows_are_touched(
    db: Session, make: Make, tenant: UUID, other_tenant: UUID, as_worker: Acting
) -> None:
    here, there = (
        make.row("holds", each, quantity=2, **overdue()) for each in (tenant, other_tenant)
    )
    with as_worker(tenant=tenant):
        db.run("UPDATE ticketing.holds SET status = 'expired' WHERE id = %s", here["id"])
    assert counters(db, here["zone_id"]) == (0, 0, 100)
    assert counters(db, there["zone_id"]) == (2, 0, 98)


def test_statements_over_the_same_zones_do_not_deadlock(clone: Database) -> None:
    with psycopg.connect(clone.superuser_url, autocommit=True) as connection:
        connection.execute(f"ALTER DATABASE {clone.name} SET deadlock_timeout = '50ms'".encode())
    with psycopg.connect(clone.superuser_url) as connection:
        make = Make(Session(connection))
        tenant = make.tenant()
        zones = [zone(make, tenant, 100) for _ in range(8)]
        made = [
            [make.id("holds", tenant, zone_id=here["id"], quantity=2) for here in zones]
            for _ in range(12)
        ]

    def act(connection: psycopg.Connection, number: int) -> None:
        turned = zones[number % 8 :] + zones[: number % 8]
        db = Session(connection)
        if number % 2:
            db.run(END, "released", "released", made[number // 2][::-1])
        else:
            values = ", ".join(["(%s, %s, %s, 0, 1, %s)"] * len(turned))
            db.run(
                f"""
                INSERT INTO ticketing.holds (
                    tenant_id, event_id, zone_id, bucket_no, quantity, idempotency_key
                ) VALUES {values}
                """,
                *[
                    value
                    for here in turned
                    for value in (tenant, here["event_id"], here["id"], f"key {number}")
                ],
            )

    assert race(clone, "ts_test_app", 24, act, tenant=tenant) == [None] * 24
    with psycopg.connect(clone.superuser_url) as connection:
        db = Session(connection)
        assert [counters(db, here["id"]) for here in zones] == [(12, 0, 88)] * 8
        assert db.all(DRIFT) == []
