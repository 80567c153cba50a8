"""zone_inventory_drift: empty, whatever is done through the front door."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING
from uuid import UUID

import psycopg
import pytest

from support.databases import Database
from support.factories import Make, Row, overdue
from support.races import race
from support.session import Session
from support.zones import DRIFT, RUN_OUT, buckets, confirm, counters, hold, release, zone

if TYPE_CHECKING:
    from conftest import Acting


def busy(make: Make, tenant: UUID) -> Row:
    """Returns a zone of 10 with 3 held, 2 of them overdue, 4 confirmed, and dead holds."""
    here = zone(make, tenant, 10)
    make.row("holds", tenant, zone_id=here["id"], quantity=1)
    make.row("holds", tenant, zone_id=here["id"], quantity=2, **overdue())
    for status, given in (("released", {}), ("expired", overdue())):
        made = make.id("holds", tenant, zone_id=here["id"], quantity=3, **given)
        make.advance("holds", made, status)
    with make.session.acting("ticketing_app", tenant=tenant) as db:
        confirm(db, hold(db, here, 4)["hold_id"])
    return here


def test_it_is_empty_while_the_counters_are_right(
    db: Session, make: Make, tenant: UUID, as_readonly: Acting
) -> None:
    here = busy(make, tenant)
    assert counters(db, here["id"]) == (3, 4, 3)
    with as_readonly(tenant):
        assert db.all(DRIFT) == []


def test_a_job_is_not_shown_the_holds_of_other_tenants(
    db: Session, make: Make, tenant: UUID, *, other_tenant: UUID, as_worker: Acting
) -> None:
    busy(make, tenant)
    busy(make, other_tenant)
    holds = "SELECT count(DISTINCT tenant_id) FROM ticketing.holds"
    with as_worker(tenant=tenant) as worker:
        assert worker.value(holds) == 2  # the overdue ones of every tenant
        assert worker.all(DRIFT) == []


@pytest.mark.parametrize("role", ["ticketing_app", "ticketing_worker", "ticketing_readonly"])
@pytest.mark.parametrize(
    ("change", "shown"),
    [
        ("held_quantity = 2", {"held_quantity": 2}),
        ("confirmed_quantity = 5", {"confirmed_quantity": 5}),
        ("capacity = 11", {"bucket_capacity": 11}),
    ],
)
def test_a_counter_that_was_tampered_with_shows(
    db: Session, make: Make, tenant: UUID, *, change: str, shown: Row, role: str
) -> None:
    here = busy(make, tenant)
    busy(make, tenant)
    db.run(f"UPDATE ticketing.zone_inventory SET {change} WHERE zone_id = %s", here["id"])
    with db.acting(role, tenant=tenant):
        assert db.one(DRIFT) == {
            "tenant_id": tenant,
            "zone_id": here["id"],
            "bucket": 0,
            "held_quantity": 3,
            "held_rows": 3,
            "confirmed_quantity": 4,
            "confirmed_rows": 4,
            "zone_capacity": 10,
            "bucket_capacity": 10,
            **shown,
        }


@pytest.mark.parametrize(
    ("change", "column", "rows"),
    [
        ("quantity = 9 WHERE status = 'confirmed'", "confirmed_rows", 9),
        ("quantity = 9 WHERE status = 'active' AND quantity = 1", "held_rows", 11),
        ("bucket_no = 1 WHERE status = 'confirmed'", "confirmed_rows", 0),
    ],
)
def test_a_row_that_went_round_the_triggers_shows(
    db: Session, make: Make, tenant: UUID, *, change: str, column: str, rows: int
) -> None:
    busy(make, tenant)
    db.run("SET LOCAL session_replication_role = replica")
    db.run(f"UPDATE ticketing.holds SET {change}")
    assert db.one(f"{DRIFT} WHERE bucket = 0")[column] == rows


def test_holds_without_counters_show(db: Session, make: Make, tenant: UUID) -> None:
    here = busy(make, tenant)
    db.run("DELETE FROM ticketing.zone_inventory WHERE zone_id = %s", here["id"])
    found = db.one(DRIFT)
    assert (found["zone_id"], found["held_quantity"], found["held_rows"]) == (here["id"], None, 3)


def test_drift_of_another_tenant_does_not_show(
    db: Session, make: Make, tenant: UUID, other_tenant: UUID, as_tenant: Acting
) -> None:
    here = busy(make, other_tenant)
    db.run("UPDATE ticketing.zone_inventory SET held_quantity = 0 WHERE zone_id = %s", here["id"])
    with as_tenant(tenant):
        assert db.all(DRIFT) == []
    with as_tenant(other_tenant):
        assert db.one(DRIFT)["held_rows"] == 3


@pytest.mark.parametrize("bucket_count", [1, 4])
def test_callers_that_meet_leave_it_empty(clone: Database, bucket_count: int) -> None:
    with psycopg.connect(clone.superuser_url) as connection:
        make = Make(Session(connection))
        tenant = make.tenant()
        here = zone(make, tenant, 100, bucket_count=bucket_count)
        make.session.run("UPDATE ticketing.zone_inventory SET updates = 490")

    def act(connection: psycopg.Connection, number: int) -> str:
        db = Session(connection)
        made = hold(db, here, 2)["hold_id"]
        if number % 4 == 0:
            confirm(db, made)
        elif number % 4 == 1:
            release(db, made)
        elif number % 4 == 2:
            db.run(RUN_OUT, made)
        return "done"

    results = race(clone, "ts_test_app", 40, act, tenant=tenant)
    assert Counter(results) == {"done": 40}
    with psycopg.connect(clone.superuser_url) as connection:
        db = Session(connection)
        assert counters(db, here["id"]) == (40, 20, 40)
        assert sum(capacity for capacity, _, _ in buckets(db, here["id"])) == 100
        assert db.all(DRIFT) == []
        rows = "SELECT count(*) FROM ticketing.zone_inventory WHERE zone_id = %s"
        assert db.value(rows, here["id"]) == bucket_count
