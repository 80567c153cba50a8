"""expire_holds: the sweeper, in batches, past rows that others hold."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID

import psycopg
import pytest

from support.databases import Database
from support.factories import Make, overdue
from support.races import race
from support.session import Session
from support.zones import DRIFT, READ, confirm, counters, zone

if TYPE_CHECKING:
    from conftest import Acting

EXPIRE = "SELECT ticketing.expire_holds()"


def test_what_is_overdue_is_expired_and_nothing_else(
    db: Session, make: Make, tenant: UUID, as_worker: Acting
) -> None:
    here = zone(make, tenant, 10)
    late = make.id("holds", tenant, zone_id=here["id"], quantity=2, **overdue())
    make.row("holds", tenant, zone_id=here["id"], quantity=3)
    with as_worker():
        assert db.value(EXPIRE) == 1
        assert db.value(EXPIRE) == 0
    assert counters(db, here["id"]) == (3, 0, 7)
    after = db.one(READ, late)
    assert (after["status"], after["released_at"] is not None) == ("expired", True)


def test_without_a_tenant_it_serves_every_one_and_with_one_that(
    db: Session, make: Make, tenant: UUID, other_tenant: UUID, as_worker: Acting
) -> None:
    mine, theirs = (make.row("holds", each, **overdue()) for each in (tenant, other_tenant))
    with as_worker(tenant=tenant):
        assert db.value(EXPIRE) == 1
    assert db.one(READ, theirs["id"])["status"] == "active"
    with as_worker():
        assert db.value(EXPIRE) == 1
    for row in (mine, theirs):
        assert counters(db, row["zone_id"]) == (0, 0, 100)
    assert db.all(DRIFT) == []


def test_a_batch_takes_the_oldest_first(
    db: Session, make: Make, tenant: UUID, as_worker: Acting
) -> None:
    made = []
    for minutes in (1, 3, 2):
        row = make.id("holds", tenant)
        made.append(row)
        with db.unguarded("holds", "10_guard"):
            db.run(
                """
                UPDATE ticketing.holds
                SET created_at = now() - interval '1 hour',
                    expires_at = now() - make_interval(mins => %s)
                WHERE id = %s
                """,
                *(minutes, row),
            )
    with as_worker():
        assert db.value("SELECT ticketing.expire_holds(2)") == 2
    assert [db.one(READ, row)["status"] for row in made] == ["active", "expired", "expired"]


@pytest.mark.parametrize("size", [None, 0, -1, 100_001])
def test_a_size_out_of_range_is_refused(db: Session, as_worker: Acting, size: int | None) -> None:
    with as_worker(), db.refused("TK001"):
        db.all("SELECT ticketing.expire_holds(%s)", size)


@pytest.mark.parametrize("size", [1, 100_000])
def test_a_size_at_the_edge_is_accepted(db: Session, as_worker: Acting, size: int) -> None:
    with as_worker():
        assert db.value("SELECT ticketing.expire_holds(%s)", size) == 0


def test_it_is_for_background_jobs_alone(
    db: Session, tenant: UUID, *, as_tenant: Acting, as_readonly: Acting
) -> None:
    for acting in (as_tenant, as_readonly):
        with acting(tenant), db.refused("42501"):
            db.all(EXPIRE)


def test_whoever_the_job_says_it_is_the_system_expires(
    db: Session, make: Make, tenant: UUID, as_worker: Acting
) -> None:
    make.row("holds", tenant, **overdue())
    with as_worker(tenant=tenant, actor="user"):
        assert db.value(EXPIRE) == 1
        assert db.value("SELECT current_setting('app.actor_type')") == "user"


def test_a_hold_in_somebodys_hands_is_passed_over(clone: Database) -> None:
    with psycopg.connect(clone.superuser_url) as connection:
        make = Make(Session(connection))
        tenant = make.tenant()
        first, second = (make.id("holds", tenant, **overdue()) for _ in range(2))
    with clone.connect() as other, clone.connect("ts_test_worker") as sweeper:
        with other.transaction():
            other.execute("SELECT FROM ticketing.holds WHERE id = %s FOR UPDATE", [first])
            assert Session(sweeper).value(EXPIRE) == 1
            sweeper.commit()
        assert Session(other).one(READ, second)["status"] == "expired"
        assert Session(sweeper).value(EXPIRE) == 1


def test_sweepers_and_buyers_that_meet_give_back_once(clone: Database) -> None:
    with psycopg.connect(clone.superuser_url) as connection:
        make = Make(Session(connection))
        tenant = make.tenant()
        zones = [zone(make, tenant, 40) for _ in range(3)]
        for here in zones:
            for _ in range(10):
                make.row("holds", tenant, zone_id=here["id"], quantity=2, **overdue())
        alive = [make.id("holds", tenant, zone_id=zones[n % 3]["id"]) for n in range(12)]

    def act(connection: psycopg.Connection, number: int) -> Any:
        db = Session(connection)
        if number % 2:
            return db.value("SELECT ticketing.expire_holds(7)")
        return confirm(db, alive[number // 2])["outcome"]

    results = race(clone, "ts_test_worker", 24, act, tenant=tenant)
    assert [r for r in results if isinstance(r, psycopg.Error)] == []
    assert sum(r for r in results if isinstance(r, int)) == 30
    with psycopg.connect(clone.superuser_url) as connection:
        db = Session(connection)
        assert [counters(db, here["id"]) for here in zones] == [(0, 4, 36)] * 3
        assert db.all(DRIFT) == []
