"""ack_outbox: what was sent is done, for the holder of the lease alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

import psycopg
import pytest

from support.databases import Database
from support.factories import Make
from support.races import race
from support.relays import acknowledge, claim, fail, pass_time, publish, state
from support.session import Session

if TYPE_CHECKING:
    from conftest import Acting

ACK = "SELECT ticketing.ack_outbox(%s, %s)"


def test_an_acknowledged_event_is_processed(
    db: Session, make: Make, tenant: UUID, as_worker: Acting
) -> None:
    made = make.id("outbox", tenant)
    with as_worker():
        assert acknowledge(db, *claim(db)) == 1
    row = state(db, made)
    assert (row["status"], row["locked_by"], row["locked_until"]) == ("processed", None, None)
    assert row["processed_at"] > row["last_attempt_at"]


def test_a_batch_may_be_acknowledged_whole_or_in_parts(
    db: Session, make: Make, tenant: UUID, as_worker: Acting
) -> None:
    for _ in range(5):
        make.row("outbox", tenant)
    with as_worker():
        events = claim(db)
        assert acknowledge(db, *events[:2]) == 2
        assert acknowledge(db, *events) == 3
        assert acknowledge(db, *events) == 0
        assert db.value(ACK, [], events[0]["lock_token"]) == 0


def test_events_of_several_tenants_are_acknowledged_in_one_call(
    db: Session, make: Make, tenant: UUID, *, other_tenant: UUID, as_worker: Acting
) -> None:
    for owner in (tenant, other_tenant):
        make.row("outbox", owner)
    with as_worker():
        assert acknowledge(db, *claim(db)) == 2


def test_another_token_acknowledges_nothing(
    db: Session, make: Make, tenant: UUID, as_worker: Acting
) -> None:
    for _ in range(2):
        make.row("outbox", tenant)
    with as_worker():
        (first,), (second,) = claim(db, batch=1), claim(db, batch=1)
        assert acknowledge(db, first, token=second["lock_token"]) == 0
        assert acknowledge(db, first, token="relay") == 0
        assert db.value(ACK, [uuid4()], first["lock_token"]) == 0
    assert state(db, first["id"])["status"] == state(db, second["id"])["status"] == "processing"


def test_a_lease_that_is_over_counts_until_somebody_else_takes_the_event(
    db: Session, make: Make, tenant: UUID, as_worker: Acting
) -> None:
    for _ in range(2):
        make.row("outbox", tenant)
    with as_worker():
        first, second = claim(db)
    pass_time(db, "1 hour")
    with as_worker():
        assert acknowledge(db, first) == 1
        (again,) = claim(db)
        assert again["id"] == second["id"]
        assert acknowledge(db, second) == 0
        assert acknowledge(db, again) == 1


def test_what_has_failed_is_not_acknowledged(
    db: Session, make: Make, tenant: UUID, as_worker: Acting
) -> None:
    made = make.id("outbox", tenant)
    with as_worker():
        (event,) = claim(db)
        fail(db, event)
        assert acknowledge(db, event) == 0
    assert state(db, made)["status"] == "pending"


@pytest.mark.parametrize(
    ("ids", "token", "what"),
    [
        (None, "token", "p_ids, or an id in it, is NULL"),
        ([None], "token", "p_ids, or an id in it, is NULL"),
        ([uuid4()], None, "p_token is NULL"),
    ],
)
def test_null_is_refused(
    db: Session, as_worker: Acting, *, ids: Any, token: str | None, what: str
) -> None:
    with as_worker(), db.refused("TK001") as by:
        db.value("SELECT ticketing.ack_outbox(%s::uuid[], %s)", ids, token)
    assert what in str(by.error)


def test_it_is_for_relays_alone(
    db: Session, tenant: UUID, *, as_tenant: Acting, as_readonly: Acting, as_nobody: Acting
) -> None:
    for acting in (as_tenant(tenant), as_readonly(tenant), as_nobody(tenant=tenant)):
        with acting, db.refused("42501"):
            db.value(ACK, [uuid4()], "token")


def test_a_holder_that_is_late_and_its_successor_never_both_count(clone: Database) -> None:
    publish(clone, *(f"a{n}" for n in range(40)))
    with clone.connect("ts_test_worker") as connection:
        events = claim(Session(connection))
    with clone.connect() as clock:
        pass_time(Session(clock), "1 hour")

    def act(connection: psycopg.Connection, number: int) -> int:
        session = Session(connection)
        if number % 2:
            return acknowledge(session, *events)
        taken = claim(session, batch=10)
        return acknowledge(session, *taken) if taken else 0

    results = race(clone, "ts_test_worker", 8, act)
    assert [r for r in results if isinstance(r, psycopg.Error)] == []
    with clone.connect() as watching:
        done = "SELECT count(*) FROM ticketing.outbox WHERE status = 'processed'"
        assert sum(r for r in results if isinstance(r, int)) == Session(watching).value(done)
