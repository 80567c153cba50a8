"""set_zone_capacity: more or fewer places, never fewer than are taken."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING
from uuid import UUID, uuid4

import psycopg
import pytest

from support.databases import Database
from support.factories import Make
from support.races import in_turn, race
from support.session import Session
from support.zones import DRIFT, confirm, counters, hold, zone

if TYPE_CHECKING:
    from conftest import Acting

SET = "SELECT ticketing.set_zone_capacity(%s, %s)"


@pytest.mark.parametrize("role", ["ticketing_app", "ticketing_worker"])
@pytest.mark.parametrize(("capacity", "free"), [(20, 15), (10, 5), (5, 0)])
def test_it_sets_the_places_and_says_how_many_are_free(
    db: Session, make: Make, tenant: UUID, *, role: str, capacity: int, free: int
) -> None:
    here = zone(make, tenant, 10)
    with db.acting(role, tenant=tenant):
        hold(db, here, 3)
        confirm(db, hold(db, here, 2)["hold_id"])
        assert db.value(SET, here["id"], capacity) == free
        assert db.all(DRIFT) == []
    assert counters(db, here["id"]) == (3, 2, free)


def test_less_than_is_taken_is_refused(
    db: Session, make: Make, tenant: UUID, as_tenant: Acting
) -> None:
    here = zone(make, tenant, 10)
    with as_tenant(tenant):
        hold(db, here, 3)
        confirm(db, hold(db, here, 2)["hold_id"])
        with db.refused("TK106"):
            db.all(SET, here["id"], 4)
        assert db.value("SELECT capacity FROM ticketing.zones") == 10


@pytest.mark.parametrize("capacity", [None, 0, -1])
def test_a_capacity_out_of_range_is_refused(
    db: Session, make: Make, tenant: UUID, as_tenant: Acting, capacity: int | None
) -> None:
    here = zone(make, tenant, 10)
    with as_tenant(tenant), db.refused("TK001"):
        db.all(SET, here["id"], capacity)


def test_an_unknown_zone_is_not_found(
    db: Session, make: Make, tenant: UUID, other_tenant: UUID, as_tenant: Acting
) -> None:
    for absent in (None, uuid4(), zone(make, other_tenant)["id"]):
        with as_tenant(tenant), db.refused("TK125"):
            db.all(SET, absent, 5)


def test_who_may_call(
    db: Session, make: Make, tenant: UUID, *, as_readonly: Acting, as_worker: Acting
) -> None:
    here = zone(make, tenant, 10)
    with as_readonly(tenant), db.refused("42501"):
        db.all(SET, here["id"], 5)
    with as_worker(), db.refused("TK701"):
        db.all(SET, here["id"], 5)


@pytest.mark.parametrize("bucket_count", [1, 3])
def test_callers_that_hold_meanwhile_lose_nothing(clone: Database, bucket_count: int) -> None:
    with psycopg.connect(clone.superuser_url) as connection:
        make = Make(Session(connection))
        tenant = make.tenant()
        here = zone(make, tenant, 100, bucket_count=bucket_count)

    def act(connection: psycopg.Connection, number: int) -> str:
        db = Session(connection)
        if number % 3 == 0:
            db.all(SET, here["id"], 100 + number)
            return "set"
        return str(hold(db, here, 2)["outcome"])

    results = race(clone, "ts_test_app", 30, act, tenant=tenant)
    got = Counter(r.sqlstate if isinstance(r, psycopg.Error) else r for r in results)
    assert got["set"] == 10
    assert got["created"] + got["40001"] == 20
    with psycopg.connect(clone.superuser_url) as connection:
        db = Session(connection)
        assert counters(db, here["id"])[0] == 2 * got["created"]
        assert db.all(DRIFT) == []


def test_a_hold_that_is_being_made_is_waited_for(clone: Database) -> None:
    with psycopg.connect(clone.superuser_url) as connection:
        make = Make(Session(connection))
        tenant = make.tenant()
        here = zone(make, tenant, 10)

    def take(connection: psycopg.Connection) -> None:
        hold(Session(connection), here, 8)

    def shrink(connection: psycopg.Connection) -> int:
        free: int = Session(connection).value(SET, here["id"], 9)
        return free

    _, free, waited = in_turn(clone, "ts_test_app", take, shrink, tenant=tenant)
    assert (free, waited) == (1, True)
    with psycopg.connect(clone.superuser_url) as connection:
        db = Session(connection)
        assert counters(db, here["id"]) == (8, 0, 1)
        assert db.all(DRIFT) == []
