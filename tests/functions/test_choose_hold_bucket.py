"""choose_hold_bucket: a part of the zone with room, and one that nobody else is at."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID, uuid4

import psycopg

from support.databases import Database
from support.factories import Make, overdue
from support.session import Session
from support.zones import buckets, hold, zone

if TYPE_CHECKING:
    from conftest import Acting

PLACE = "SELECT bucket_no FROM ticketing.holds WHERE id = %s"
INSERT = """
    INSERT INTO ticketing.holds (tenant_id, event_id, zone_id, quantity, idempotency_key)
    VALUES (%s, %s, %s, %s, %s) RETURNING bucket_no
"""


def test_the_only_bucket_with_room_is_chosen(
    db: Session, make: Make, tenant: UUID, as_tenant: Acting
) -> None:
    here = zone(make, tenant, 100, bucket_count=5)
    for full in (0, 1, 2, 4):
        make.row("holds", tenant, zone_id=here["id"], bucket_no=full, quantity=15)
    with as_tenant(tenant):
        assert db.value(PLACE, hold(db, here, 6)["hold_id"]) == 3
        assert db.value(PLACE, hold(db, here, 14)["hold_id"]) == 3


def test_buckets_are_taken_all_over(
    db: Session, make: Make, tenant: UUID, as_tenant: Acting
) -> None:
    here = zone(make, tenant, 100, bucket_count=5)
    with as_tenant(tenant):
        for _ in range(80):
            hold(db, here)
    # By chance one of five is left out once in ten million runs.
    assert all(held > 0 for _, held, _ in buckets(db, here["id"]))


def test_room_comes_before_overdue_holds(
    db: Session, make: Make, tenant: UUID, as_tenant: Acting
) -> None:
    here = zone(make, tenant, 100, bucket_count=5)
    for late in (0, 1, 2, 3):
        make.row("holds", tenant, zone_id=here["id"], bucket_no=late, quantity=20, **overdue())
    with as_tenant(tenant):
        assert db.value(PLACE, hold(db, here, 20)["hold_id"]) == 4
        assert db.value(PLACE, hold(db, here, 20)["hold_id"]) in (0, 1, 2, 3)


def test_a_row_that_names_its_bucket_keeps_it(
    db: Session, make: Make, tenant: UUID, as_tenant: Acting
) -> None:
    here = zone(make, tenant, 60, bucket_count=3)
    with as_tenant(tenant):
        assert db.value(INSERT, tenant, here["event_id"], here["id"], 20, "one") in (0, 1, 2)
        query = INSERT.replace("quantity,", "bucket_no, quantity,").replace("%s, %s)", "2, %s, %s)")
    for bucket in (0, 1, 2):
        db.run(
            "UPDATE ticketing.zone_inventory SET capacity = 40 WHERE zone_id = %s AND bucket = %s",
            *(here["id"], bucket),
        )
    with as_tenant(tenant):
        assert db.value(query, tenant, here["event_id"], here["id"], 20, "two") == 2


def test_a_bucket_that_somebody_is_at_is_passed_over(clone: Database) -> None:
    with psycopg.connect(clone.superuser_url) as connection:
        make = Make(Session(connection))
        tenant = make.tenant()
        here = zone(make, tenant, 60, bucket_count=3)
    logins = [clone.connect("ts_test_app") for _ in range(3)]
    chosen = []
    for connection in logins:
        db = Session(connection)
        connection.execute("BEGIN" if connection.autocommit else "SELECT 1")
        db.all("SELECT set_config('app.current_tenant_id', %s, FALSE)", str(tenant))
        db.run("SET lock_timeout = '2s'")
        chosen.append(db.value(PLACE, hold(db, here)["hold_id"]))
    for connection in logins:
        connection.close()
    assert sorted(chosen) == [0, 1, 2]


def test_when_others_are_at_all_of_them_the_caller_waits(clone: Database) -> None:
    with psycopg.connect(clone.superuser_url) as connection:
        make = Make(Session(connection))
        tenant = make.tenant()
        here = zone(make, tenant, 60, bucket_count=3)
    with clone.connect() as other, clone.connect("ts_test_app") as login, other.transaction():
        other.execute("SELECT FROM ticketing.zone_inventory FOR UPDATE")
        db = Session(login)
        login.autocommit = False
        db.all("SELECT set_config('app.current_tenant_id', %s, FALSE)", str(tenant))
        db.run("SET lock_timeout = '50ms'")
        with db.refused("55P03"):
            hold(db, here)


def test_the_zone_of_another_tenant_is_not_touched(
    db: Session, make: Make, tenant: UUID, other_tenant: UUID, as_tenant: Acting
) -> None:
    foreign = zone(make, other_tenant, 60, bucket_count=3)
    with as_tenant(tenant):
        with db.refused("42501"):
            db.all(INSERT, other_tenant, foreign["event_id"], foreign["id"], 1, "key")
        for absent in (foreign["id"], uuid4()):
            with db.refused("23503", "fk_holds_zone_id"):
                db.all(INSERT, tenant, foreign["event_id"], absent, 1, "key")
