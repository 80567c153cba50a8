"""requeue_outbox: a person puts a dead event back."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID, uuid4

import psycopg
import pytest

from support.databases import Database
from support.factories import Make
from support.races import race
from support.relays import acknowledge, claim, fail, publish, state
from support.session import Session

if TYPE_CHECKING:
    from conftest import Acting

REQUEUE = "SELECT ticketing.requeue_outbox(%s)"


def test_a_dead_event_comes_back_and_the_later_ones_follow(
    db: Session, make: Make, tenant: UUID, as_worker: Acting
) -> None:
    dead = make.id("outbox", tenant, aggregate_id="a", max_attempts=1)
    later = make.id("outbox", tenant, aggregate_id="a")
    with as_worker(tenant=tenant):
        (event,) = claim(db)
        assert fail(db, event) == "dead"
        assert claim(db) == []
        assert db.value(REQUEUE, dead) is True
    row = state(db, dead)
    assert (row["status"], row["attempts"], row["last_error"]) == ("pending", 0, "no broker")
    with as_worker():
        (event,) = claim(db)
        assert (event["id"], event["attempts"]) == (dead, 1)
        assert acknowledge(db, event) == 1
        assert [event["id"] for event in claim(db)] == [later]


@pytest.mark.parametrize("status", ["pending", "processing", "processed"])
def test_what_is_not_dead_is_left_alone(
    db: Session, make: Make, tenant: UUID, *, as_worker: Acting, status: str
) -> None:
    made = make.id("outbox", tenant)
    with as_worker(tenant=tenant):
        if status != "pending":
            (event,) = claim(db)
            if status == "processed":
                acknowledge(db, event)
        before = state(db, made)
        assert db.value(REQUEUE, made) is False
        assert state(db, made) == before
    assert before["status"] == status


def test_an_event_of_another_tenant_is_as_unknown_as_none(
    db: Session, make: Make, tenant: UUID, *, other_tenant: UUID, as_worker: Acting
) -> None:
    theirs = make.id("outbox", other_tenant, status="dead")
    with as_worker(tenant=tenant):
        for unknown in (theirs, uuid4()):
            with db.refused("TK181"):
                db.value(REQUEUE, unknown)
    assert state(db, theirs)["status"] == "dead"


def test_of_two_events_of_one_id_the_tenants_own_comes_back(
    db: Session, make: Make, tenant: UUID, *, other_tenant: UUID, as_worker: Acting
) -> None:
    made = make.id("outbox", tenant, status="dead")
    make.row("outbox", other_tenant, id=made, status="dead")
    with as_worker(tenant=tenant):
        assert db.value(REQUEUE, made) is True
    left = "SELECT tenant_id FROM ticketing.outbox WHERE status = 'dead'"
    assert db.value(left) == other_tenant


def test_null_and_no_tenant_are_refused(db: Session, tenant: UUID, as_worker: Acting) -> None:
    with as_worker(tenant=tenant), db.refused("TK001"):
        db.value(REQUEUE, None)
    with as_worker(), db.refused("TK701"):
        db.value(REQUEUE, uuid4())


def test_it_is_for_workers_alone(
    db: Session, tenant: UUID, *, as_tenant: Acting, as_readonly: Acting, as_nobody: Acting
) -> None:
    for acting in (as_tenant(tenant), as_readonly(tenant), as_nobody(tenant=tenant)):
        with acting, db.refused("42501"):
            db.value(REQUEUE, uuid4())


def test_of_many_who_put_it_back_one_does(clone: Database) -> None:
    tenant, (dead,) = publish(clone, "a", status="dead")

    def act(connection: psycopg.Connection, number: int) -> bool:
        return bool(Session(connection).value(REQUEUE, dead["id"]))

    results = race(clone, "ts_test_worker", 6, act, tenant=tenant)
    assert sorted(results, key=str) == [False] * 5 + [True]
