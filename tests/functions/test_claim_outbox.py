"""claim_outbox: leases, order within an aggregate, and what many relays do to each other."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

import psycopg
import pytest

from support.databases import Database
from support.factories import Make, Row
from support.outbox_order import lost_or_late, offences, written
from support.races import race
from support.relays import Relays, acknowledge, claim, fail, pass_time, publish, state
from support.session import Session

if TYPE_CHECKING:
    from conftest import Acting


@pytest.fixture
def relay(as_worker: Acting) -> Iterator[Session]:
    """The session of the test, as a relay of every tenant."""
    with as_worker() as session:
        yield session


def ids(rows: list[Row]) -> list[UUID]:
    return [row["id"] for row in rows]


def test_an_event_is_leased_and_counted(
    db: Session, make: Make, tenant: UUID, as_worker: Acting
) -> None:
    made = make.row("outbox", tenant, payload={"a": 1}, headers={"b": 2}, event_version=3)
    with as_worker():
        (event,) = claim(db, lease="5 minutes", relay="relay-1")
    same = [
        *("tenant_id", "id", "seq", "aggregate_type", "aggregate_id", "event_type"),
        *("event_version", "payload", "headers", "created_at"),
    ]
    assert [event[name] for name in same] == [made[name] for name in same]
    assert event["attempts"] == 1
    name, _, secret = event["lock_token"].partition(":")
    assert name == "relay-1"
    assert UUID(secret)
    row = state(db, made["id"])
    assert (row["status"], row["locked_by"]) == ("processing", event["lock_token"])
    assert row["locked_until"] == row["next_attempt_at"] == event["locked_until"]
    assert row["locked_until"] - row["last_attempt_at"] == timedelta(minutes=5)


def test_what_is_leased_is_not_given_out_until_the_lease_is_over(
    db: Session, make: Make, tenant: UUID, as_worker: Acting
) -> None:
    made = make.id("outbox", tenant)
    with as_worker():
        (first,) = claim(db)
        assert claim(db) == []
    pass_time(db, "59 seconds")
    with as_worker():
        assert claim(db) == []
    pass_time(db, "1 second")
    with as_worker():
        (second,) = claim(db)
    assert (second["id"], second["attempts"]) == (made, 2)
    assert second["lock_token"] != first["lock_token"]


def test_a_lease_that_a_person_prolongs_holds(
    db: Session, make: Make, tenant: UUID, as_worker: Acting
) -> None:
    make.id("outbox", tenant)
    with as_worker():
        claim(db)
    db.run("UPDATE ticketing.outbox SET next_attempt_at = created_at")
    with as_worker():
        assert claim(db) == []


def test_those_due_longest_come_first_and_are_given_in_order(
    db: Session, make: Make, tenant: UUID, as_worker: Acting
) -> None:
    made = [make.id("outbox", tenant) for _ in range(4)]
    due = "UPDATE ticketing.outbox SET next_attempt_at = created_at - %s WHERE id = %s"
    for minutes, event in zip((1, 3, 0, 2), made, strict=True):
        db.run(due, timedelta(minutes=minutes), event)
    with as_worker():
        assert ids(claim(db, batch=3)) == [made[0], made[1], made[3]]
        assert ids(claim(db, batch=3)) == [made[2]]


def test_what_is_not_due_is_left(db: Session, make: Make, tenant: UUID, as_worker: Acting) -> None:
    make.row("outbox", tenant)
    db.run("UPDATE ticketing.outbox SET next_attempt_at = clock_timestamp() + interval '1 minute'")
    with as_worker():
        assert claim(db) == []


@pytest.mark.parametrize("status", ["pending", "leased", "backing off", "dead"])
def test_an_aggregate_waits_for_its_oldest_event(
    db: Session, make: Make, tenant: UUID, *, as_worker: Acting, status: str
) -> None:
    first = make.id("outbox", tenant, aggregate_id="a")
    second = make.id("outbox", tenant, aggregate_id="a")
    if status == "dead":
        db.run("UPDATE ticketing.outbox SET max_attempts = 1 WHERE id = %s", first)
    with as_worker():
        if status != "pending":
            (event,) = claim(db)
            assert event["id"] == first
            if status != "leased":
                assert fail(db, event) == ("dead" if status == "dead" else "pending")
            assert claim(db) == []
        else:
            assert ids(claim(db)) == [first]
    db.run("UPDATE ticketing.outbox SET next_attempt_at = created_at WHERE id = %s", second)
    with as_worker():
        assert claim(db) == []
    db.run(
        """
        UPDATE ticketing.outbox
        SET status = 'processed', processed_at = now(), locked_by = NULL, locked_until = NULL
        WHERE id = %s
        """,
        first,
    )
    with as_worker():
        assert ids(claim(db)) == [second]


def test_a_dead_event_that_is_deleted_lets_the_next_one_pass(
    db: Session, make: Make, tenant: UUID, as_worker: Acting
) -> None:
    dead = make.id("outbox", tenant, aggregate_id="a", status="dead")
    second = make.id("outbox", tenant, aggregate_id="a")
    with as_worker():
        assert claim(db) == []
        db.run("DELETE FROM ticketing.outbox WHERE id = %s", dead)
        assert ids(claim(db)) == [second]


@pytest.mark.parametrize("differs", ["tenant", "aggregate_type", "aggregate_id"])
def test_aggregates_do_not_wait_for_each_other(
    db: Session, make: Make, tenant: UUID, *, other_tenant: UUID, as_worker: Acting, differs: str
) -> None:
    names = {"aggregate_type": "ticket", "aggregate_id": "a"}
    first = make.id("outbox", tenant, **names)
    given = names if differs == "tenant" else {**names, differs: "other"}
    second = make.id("outbox", other_tenant if differs == "tenant" else tenant, **given)
    with as_worker():
        assert ids(claim(db)) == [first, second]


def test_a_relay_with_a_tenant_drains_that_one(
    db: Session, make: Make, tenant: UUID, *, other_tenant: UUID, as_worker: Acting
) -> None:
    mine, theirs = make.id("outbox", tenant), make.id("outbox", other_tenant)
    with as_worker(tenant=tenant):
        assert ids(claim(db)) == [mine]
        assert claim(db) == []
    with as_worker():
        assert ids(claim(db)) == [theirs]


def test_an_id_that_two_tenants_use_is_given_out_once_a_claim(
    db: Session, make: Make, tenant: UUID, *, other_tenant: UUID, as_worker: Acting
) -> None:
    mine = make.id("outbox", tenant)
    make.row("outbox", other_tenant, id=mine)
    with as_worker():
        (first,) = claim(db)
        (second,) = claim(db)
        assert [first["tenant_id"], second["tenant_id"]] == [tenant, other_tenant]
        assert acknowledge(db, first) == 1
        assert acknowledge(db, second) == 1


def test_an_event_that_kills_its_relays_dies(
    db: Session, make: Make, tenant: UUID, as_worker: Acting
) -> None:
    made = make.id("outbox", tenant, max_attempts=2)
    for attempt in (1, 2):
        with as_worker():
            (event,) = claim(db)
        assert event["attempts"] == attempt
        pass_time(db, "1 minute")
    with as_worker():
        assert claim(db) == []
    row = state(db, made)
    assert (row["status"], row["attempts"]) == ("dead", 2)
    assert row["last_error"] == "the lease of the last attempt ran out"
    assert (row["locked_by"], row["locked_until"]) == (None, None)
    pass_time(db, "1 year")
    with as_worker():
        assert acknowledge(db, event) == 0
        assert claim(db) == []


def test_what_is_delivered_is_never_given_out_again(
    db: Session, make: Make, tenant: UUID, as_worker: Acting
) -> None:
    make.row("outbox", tenant)
    with as_worker():
        assert acknowledge(db, *claim(db)) == 1
    pass_time(db, "1 year")
    with as_worker():
        assert claim(db) == []


@pytest.mark.parametrize(
    ("argument", "value"),
    [
        *[("batch", value) for value in (None, 0, -1, 1001)],
        *[("lease", value) for value in (None, "999 ms", "1 hour 1 ms", "-1 minute")],
        *[("relay", value) for value in (None, "", "r" * 201)],
    ],
)
def test_an_argument_out_of_range_is_refused(relay: Session, argument: str, value: Any) -> None:
    with relay.refused("TK001") as by:
        claim(relay, **{argument: value})
    assert f"p_{argument} is not" in str(by.error)


@pytest.mark.parametrize(
    ("argument", "value"),
    [
        *[("batch", value) for value in (1, 1000)],
        *[("lease", value) for value in ("1 second", "1 hour")],
        *[("relay", value) for value in ("r", "r" * 200)],
    ],
)
def test_the_last_allowed_value_is_accepted(relay: Session, argument: str, value: Any) -> None:
    assert claim(relay, **{argument: value}) == []


def test_it_is_for_relays_alone(
    db: Session, tenant: UUID, *, as_tenant: Acting, as_readonly: Acting, as_nobody: Acting
) -> None:
    for acting in (as_tenant(tenant), as_readonly(tenant), as_nobody(tenant=tenant)):
        with acting, db.refused("42501"):
            claim(db)


def test_a_claim_walks_over_nothing_that_it_cannot_give_out(
    db: Session, make: Make, tenant: UUID, as_worker: Acting
) -> None:
    """Delivered, leased, backing off or dead: the cost is that of the batch, not of the table."""
    db.run(
        """
        INSERT INTO ticketing.outbox (
            tenant_id, aggregate_type, aggregate_id, event_type, payload, status, processed_at,
            locked_by, locked_until, next_attempt_at
        )
        SELECT
            %s, 'ticket', 'old-' || g, 'ticket.sold', '{}', s.status,
            CASE WHEN s.status = 'processed' THEN now() END,
            CASE WHEN s.status = 'processing' THEN 'relay' END,
            CASE WHEN s.status = 'processing' THEN now() + interval '1 hour' END,
            now() + CASE s.status
                WHEN 'processed' THEN interval '-1 hour'
                WHEN 'dead' THEN interval '100 years'
                ELSE interval '1 hour'
            END
        FROM generate_series(1, 3000) AS g
        CROSS JOIN unnest(ARRAY['processed', 'processing', 'pending', 'dead']) AS s (status)
        """,
        tenant,
    )
    for number in range(200):
        make.row("outbox", tenant, aggregate_id=f"new-{number}")
    db.run("ANALYZE ticketing.outbox")
    reads = """
        SELECT seq_tup_read + coalesce(idx_tup_fetch, 0) AS reads
        FROM pg_stat_xact_user_tables WHERE relid = 'ticketing.outbox'::regclass
    """
    for _ in range(8):  # a plan for any argument would be made after the fifth
        before = db.value(reads)
        with as_worker():
            assert len(claim(db, batch=10)) == 10
        assert db.value(reads) - before <= 60


def test_many_relays_share_the_work_and_none_waits(clone: Database) -> None:
    publish(clone, *(f"a{n}" for n in range(200)))

    def act(connection: psycopg.Connection, number: int) -> list[UUID]:
        connection.execute("SET LOCAL lock_timeout = '2s'")
        return ids(claim(Session(connection), batch=20, relay=f"relay-{number}"))

    results = race(clone, "ts_test_worker", 8, act)
    assert [r for r in results if isinstance(r, psycopg.Error)] == []
    given = [event for r in results if not isinstance(r, psycopg.Error) for event in r]
    assert len(given) == len(set(given)) >= 100


def test_what_another_relay_is_claiming_is_passed_over(clone: Database) -> None:
    _, (first, second) = publish(clone, "a", "b")
    with clone.connect("ts_test_worker") as one, clone.connect("ts_test_worker") as two:
        two.execute("SET lock_timeout = '2s'")
        with one.transaction(force_rollback=True):
            assert ids(claim(Session(one), batch=1)) == [first["id"]]
            assert ids(claim(Session(two))) == [second["id"]]
        assert ids(claim(Session(two))) == [first["id"]]


def test_the_next_event_of_an_aggregate_waits_for_the_commit_of_the_acknowledgement(
    clone: Database,
) -> None:
    _, (first, second) = publish(clone, "a", "a")
    with clone.connect("ts_test_worker") as one, clone.connect("ts_test_worker") as two:
        one.execute("SET lock_timeout = '2s'")
        two.execute("SET lock_timeout = '2s'")
        (event,) = claim(Session(one))
        assert event["id"] == first["id"]
        with one.transaction():
            assert acknowledge(Session(one), event) == 1
            assert claim(Session(two)) == []
        assert ids(claim(Session(two))) == [second["id"]]


AGGREGATES = 12
EVENTS = 15


def test_relays_that_are_killed_at_random_lose_nothing_and_keep_the_order(
    clone: Database,
) -> None:
    names = [f"a{number}" for number in range(AGGREGATES)]
    publish(clone, *(names * EVENTS), max_attempts=10_000)
    relays = Relays(clone)
    assert relays.run() == 0
    assert relays.kills >= 10
    with clone.connect() as connection:
        assert lost_or_late(written(Session(connection)), relays.arrived) == []
        assert offences(Session(connection)) == []
    # A lease sends an event once; every repeat has a lease of its own.
    assert len(relays.leases) == len(set(relays.leases))
