"""release_hold: places go back once."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING
from uuid import UUID, uuid4

import psycopg

from support.databases import Database
from support.factories import Make, overdue
from support.races import race
from support.session import Session
from support.zones import DRIFT, RUN_OUT, confirm, counters, hold, release, zone

if TYPE_CHECKING:
    from conftest import Acting


def test_a_released_hold_gives_its_places_back_once(
    db: Session, make: Make, tenant: UUID, as_tenant: Acting
) -> None:
    here = zone(make, tenant, 10)
    with as_tenant(tenant):
        made = hold(db, here, 4)["hold_id"]
        first = release(db, made)
        assert (first["outcome"], first["status"]) == ("released", "released")
        assert first["released_at"] is not None
        assert counters(db, here["id"]) == (0, 0, 10)
        assert release(db, made) == {**first, "outcome": "replayed"}
        assert counters(db, here["id"]) == (0, 0, 10)
        hold(db, here, 10)


def test_an_expired_hold_says_that_it_was_given_back(
    db: Session, make: Make, tenant: UUID, as_tenant: Acting
) -> None:
    made = make.id("holds", tenant, **overdue())
    make.advance("holds", made, "expired")
    with as_tenant(tenant):
        told = release(db, made)
    assert (told["outcome"], told["status"]) == ("replayed", "expired")


def test_an_overdue_hold_may_still_be_released(
    db: Session, make: Make, tenant: UUID, as_tenant: Acting
) -> None:
    here = zone(make, tenant, 10)
    with as_tenant(tenant):
        made = hold(db, here, 4)["hold_id"]
        db.run(RUN_OUT, made)
        assert release(db, made)["outcome"] == "released"
    assert counters(db, here["id"]) == (0, 0, 10)


def test_a_confirmed_hold_is_not_released(
    db: Session, make: Make, tenant: UUID, as_tenant: Acting
) -> None:
    here = zone(make, tenant, 10)
    with as_tenant(tenant):
        made = hold(db, here, 4)["hold_id"]
        confirm(db, made)
        with db.refused("TK128"):
            release(db, made)
    assert counters(db, here["id"]) == (0, 4, 6)


def test_an_unknown_hold_is_not_found(
    db: Session, make: Make, tenant: UUID, other_tenant: UUID, as_tenant: Acting
) -> None:
    for absent in (None, uuid4(), make.id("holds", other_tenant)):
        with as_tenant(tenant), db.refused("TK126"):
            release(db, absent)


def test_a_customer_releases_holds_of_their_own_alone(
    db: Session, make: Make, tenant: UUID, as_user: Acting
) -> None:
    one, two = make.id("users", tenant), make.id("users", tenant)
    made = make.id("holds", tenant, user_id=one)
    with as_user(tenant, two), db.refused("TK126"):
        release(db, made)
    with as_user(tenant, one):
        assert release(db, made)["outcome"] == "released"


def test_who_may_call(
    db: Session, make: Make, tenant: UUID, *, as_readonly: Acting, as_worker: Acting
) -> None:
    made = make.id("holds", tenant)
    with as_readonly(tenant), db.refused("42501"):
        release(db, made)
    with as_worker(), db.refused("TK701"):
        release(db, made)
    with as_worker(tenant=tenant):
        assert release(db, made)["outcome"] == "released"


def test_callers_that_meet_give_back_once(clone: Database) -> None:
    with psycopg.connect(clone.superuser_url) as connection:
        make = Make(Session(connection))
        tenant = make.tenant()
        here = zone(make, tenant, 10)
        make.row("holds", tenant, zone_id=here["id"], quantity=3)
        made = make.id("holds", tenant, zone_id=here["id"], quantity=3)

    def act(connection: psycopg.Connection, number: int) -> str:
        return str(release(Session(connection), made)["outcome"])

    results = race(clone, "ts_test_app", 16, act, tenant=tenant)
    assert Counter(results) == {"released": 1, "replayed": 15}
    with psycopg.connect(clone.superuser_url) as connection:
        db = Session(connection)
        assert counters(db, here["id"]) == (3, 0, 7)
        assert db.all(DRIFT) == []
