"""The outbox is complete and in order, whoever writes, relays and reads it at the same time."""

from __future__ import annotations

import itertools
import random
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING
from uuid import UUID, uuid4

import psycopg
import pytest

from support.databases import Database
from support.factories import Make
from support.outbox_order import Key, Place, lost_or_late, offences, written
from support.relays import (
    Relays,
    acknowledge,
    advance,
    behind,
    claim,
    consumer,
    fail,
    follow,
    publish,
    quiet,
    read_once,
)
from support.session import Session

if TYPE_CHECKING:
    from conftest import Acting

# What the check finds ---------------------------------------------------------------------------

SECOND = """
    seq = (
        SELECT o.seq FROM ticketing.outbox AS o
        WHERE o.aggregate_id = '{}' ORDER BY o.seq OFFSET 1 LIMIT 1
    )
"""
BREAKS = [
    pytest.param(what, f"{change} {where}", id=f"{number} {what}")
    for number, (what, change, where) in enumerate(
        [
            (
                "sent before an earlier one was delivered",
                "UPDATE ticketing.outbox SET last_attempt_at = clock_timestamp() WHERE",
                SECOND.format("leased"),
            ),
            (
                "sent before an earlier one was delivered",
                "UPDATE ticketing.outbox SET last_attempt_at = created_at WHERE",
                SECOND.format("done"),
            ),
            (
                "lease past its end",
                "UPDATE ticketing.outbox SET locked_until = clock_timestamp() - interval '61 s',"
                " next_attempt_at = clock_timestamp() - interval '61 s'",
                "WHERE status = 'processing'",
            ),
            (
                "out of sight after its lease",
                "UPDATE ticketing.outbox SET next_attempt_at = locked_until + interval '1 ms'",
                "WHERE status = 'processing'",
            ),
            (
                "written out of order",
                "UPDATE ticketing.outbox SET payload = payload || '{\"ticket_version\": 1}'",
                "WHERE event_type = 'ticket.transferred'",
            ),
            (
                "one is missing before it",
                "DELETE FROM ticketing.outbox",
                "WHERE event_type = 'ticket.transferred'",
            ),
            (
                "a number from elsewhere",
                "INSERT INTO ticketing.outbox (tenant_id, seq, aggregate_type, aggregate_id,"
                " event_type, payload) OVERRIDING SYSTEM VALUE",
                "SELECT tenant_id, 1000000000, 'a', 'a', 'a', '{}' FROM ticketing.outbox LIMIT 1",
            ),
            (
                "a cursor ahead of the numbers",
                "INSERT INTO ticketing.outbox_cursors (consumer, safe_seq)",
                "VALUES ('restored', 1000000000)",
            ),
            (
                "a cursor ahead of the numbers",
                "INSERT INTO ticketing.outbox_cursors (consumer, candidate_seq, candidate_xact)",
                "VALUES ('restored', 1000000000, '3')",
            ),
        ]
    )
]


@pytest.fixture
def healthy(db: Session, make: Make, tenant: UUID, as_worker: Acting) -> Session:
    """Events in every state that they may be in, and those of a ticket."""
    for name in ("done", "done", "done", "leased", "leased", "failing", "failing"):
        make.row("outbox", tenant, aggregate_id=name)
    make.row("outbox", tenant, aggregate_id="dead", status="dead")
    ticket = make.held_ticket(tenant)
    make.advance("tickets", ticket, "transferred", "active")
    make.row("outbox_cursors", tenant, seq=1, safe_seq=1)
    with as_worker():
        for _ in range(3):
            for event in claim(db):
                if event["aggregate_id"] == "failing":
                    assert fail(db, event) == "pending"
                elif event["aggregate_id"] != "leased":
                    assert acknowledge(db, event) == 1
    return db


def test_a_healthy_outbox_has_no_offence(healthy: Session) -> None:
    states = "SELECT status, count(*) AS n FROM ticketing.outbox GROUP BY 1"
    assert {row["status"]: row["n"] for row in healthy.all(states)} == {
        "processed": 6,
        "processing": 1,
        "pending": 3,
        "dead": 1,
    }
    assert offences(healthy) == []


@pytest.mark.parametrize(("what", "change"), BREAKS)
def test_an_offence_is_found(healthy: Session, what: str, change: str) -> None:
    assert healthy.run(change) >= 1
    assert {row["what"] for row in offences(healthy)} == {what}


def test_a_lease_has_the_grace_that_is_given(healthy: Session) -> None:
    healthy.run(
        "UPDATE ticketing.outbox SET locked_until = clock_timestamp() - interval '61 s',"
        " next_attempt_at = clock_timestamp() WHERE status = 'processing'"
    )
    assert "lease past its end" not in {row["what"] for row in offences(healthy, "5 minutes")}


TENANT = uuid4()
FIRST, SECOND_OF_A, OTHER, UNKNOWN = (Key(TENANT, uuid4()) for _ in range(4))
PLACES = {
    FIRST: Place((TENANT, "ticket", "a"), 1),
    OTHER: Place((TENANT, "ticket", "b"), 2),
    SECOND_OF_A: Place((TENANT, "ticket", "a"), 3),
}


@pytest.mark.parametrize(
    ("arrived", "to_relay", "to_log"),
    [
        ([FIRST, OTHER, SECOND_OF_A], 0, 0),
        ([FIRST, SECOND_OF_A, OTHER], 0, 1),
        ([FIRST, FIRST, OTHER, SECOND_OF_A], 0, 1),
        ([SECOND_OF_A, FIRST, OTHER], 1, 2),
        ([FIRST, OTHER, SECOND_OF_A, FIRST], 1, 1),
        ([FIRST, OTHER], 1, 1),
        ([FIRST, OTHER, SECOND_OF_A, UNKNOWN], 1, 1),
    ],
)
def test_a_stream_is_judged_as_its_kind(arrived: list[Key], to_relay: int, to_log: int) -> None:
    assert len(lost_or_late(PLACES, arrived)) == to_relay
    assert len(lost_or_late(PLACES, arrived, as_log=True)) == to_log


# Every interleaving of two writers --------------------------------------------------------------

ADD = """
    INSERT INTO ticketing.outbox (tenant_id, aggregate_type, aggregate_id, event_type, payload)
    VALUES ('{0}', 'ticket', '{1}', 'ticket.sold', '{{}}')
"""
# The second writer adds where a subtransaction has a number of its own.
KINDS = {
    0: ADD,
    1: f"""
    DO $$BEGIN
        BEGIN {ADD}; RAISE division_by_zero;
        EXCEPTION WHEN division_by_zero THEN
            BEGIN {ADD}; EXCEPTION WHEN OTHERS THEN RAISE; END;
        END;
    END$$
    """,
}


def step(writer: psycopg.Connection, number: int, what: str, tenant: UUID, end: str) -> None:
    """One of the steps number, write, write again, end."""
    if what == "number":
        writer.execute("SELECT set_config('app.current_tenant_id', %s, TRUE)", [str(tenant)])
        writer.execute("SELECT pg_current_xact_id()")
    elif what == "end":
        getattr(writer, end)()
    else:
        writer.execute(KINDS[number].format(tenant, number).encode())


@pytest.mark.parametrize("ends", list(itertools.product(("commit", "rollback"), repeat=2)))
def test_in_no_interleaving_does_a_reader_pass_an_event(
    clone: Database, ends: tuple[str, str]
) -> None:
    """One reads after every step; one, whose transactions last three steps, is in the way."""
    tenant, _ = publish(clone)
    names = ("eager", "slow")
    for name in names:
        consumer(clone, name)
    seen: dict[str, list[Key]] = {name: [] for name in names}

    def take(session: Session, name: str) -> None:
        events = read_once(session, 3, name)
        if events:
            assert advance(session, events[0]["cursor_seq"], events[-1]["seq"], consumer=name)
            seen[name] += [Key(event["tenant_id"], event["id"]) for event in events]

    with (
        clone.connect("ts_test_app") as first,
        clone.connect("ts_test_app") as second,
        clone.connect("ts_test_worker") as eager,
        clone.connect("ts_test_worker") as slow,
    ):
        writers = (first, second)
        for each in (*writers, slow):
            each.autocommit = False
        steps = ("number", "write", "write again", "end")
        for chosen in itertools.combinations(range(8), 4):
            todo = [iter(steps), iter(steps)]
            for place in range(8):
                number = 0 if place in chosen else 1
                step(writers[number], number, next(todo[number]), tenant, ends[number])
                take(Session(eager), "eager")
                if place % 3 == 0:
                    slow.commit()
                    take(Session(slow), "slow")
            slow.commit()
        with clone.connect() as connection:
            places = written(Session(connection))
        slow.autocommit = True
        for name, session in (("eager", Session(eager)), ("slow", Session(slow))):
            # Two pages may be empty: one asks how far the log is complete, the next one knows.
            empty = 0
            while behind(session, name) and empty < 100:
                quiet(session)
                before = len(seen[name])
                take(session, name)
                empty += before == len(seen[name])
    assert len(places) == 70 * 2 * ends.count("commit")
    for name in names:
        assert lost_or_late(places, seen[name], as_log=True) == []


# All at once ------------------------------------------------------------------------------------

MOVE = """
    UPDATE ticketing.tickets
    SET status = CASE status WHEN 'active' THEN 'transferred' ELSE 'active' END
    WHERE id = %s
"""


@pytest.fixture
def tickets(clone: Database) -> tuple[UUID, list[UUID]]:
    """A tenant and tickets that change hands; their first events are there already."""
    with psycopg.connect(clone.superuser_url) as connection:
        make = Make(Session(connection))
        tenant = make.tenant()
        return tenant, sorted(make.held_ticket(tenant) for _ in range(8))


@pytest.fixture
def retention(clone: Database) -> Iterator[tuple[dict[Key, Place], threading.Event]]:
    """Deletes what is delivered and read by all, until told to stop; returns what there was."""
    places: dict[Key, Place] = {}
    stop = threading.Event()
    delete = """
        DELETE FROM ticketing.outbox
        WHERE processed_at IS NOT NULL AND id = ANY (%s)
            AND seq <= (SELECT min(c.seq) FROM ticketing.outbox_cursors AS c)
    """

    def sweep() -> None:
        with clone.connect() as connection:
            while not stop.wait(0.05):
                places.update(written(Session(connection)))
                connection.execute(delete, [[key.id for key in places]])

    with ThreadPoolExecutor(1) as pool:
        sweeping = pool.submit(sweep)
        try:
            yield places, stop
        finally:
            stop.set()
        sweeping.result(timeout=20)


def test_services_relays_readers_and_retention_at_once(
    clone: Database,
    tickets: tuple[UUID, list[UUID]],
    retention: tuple[dict[Key, Place], threading.Event],
) -> None:
    tenant, ids = tickets
    places, stop = retention
    stopped = threading.Event()

    def service(number: int) -> None:
        chance = random.Random(number)
        with clone.connect("ts_test_app") as connection:
            for _ in range(20):
                with connection.transaction(force_rollback=chance.random() < 0.2):
                    connection.execute(
                        "SELECT set_config('app.current_tenant_id', %s, TRUE)", [str(tenant)]
                    )
                    for ticket in sorted(chance.sample(ids, 2)):
                        with connection.transaction(force_rollback=chance.random() < 0.2):
                            connection.execute(MOVE, [ticket])

    for name in ("search", "mail"):
        consumer(clone, name)
    clone_relays = Relays(clone, 3)
    with clone.connect() as connection:
        connection.execute("UPDATE ticketing.outbox SET max_attempts = 10000")
        connection.execute("ALTER TABLE ticketing.outbox ALTER max_attempts SET DEFAULT 10000")
        places.update(written(Session(connection)))
        with ThreadPoolExecutor(2) as pool:
            readers = [pool.submit(follow, clone, name, stopped) for name in ("search", "mail")]
            try:
                assert clone_relays.run(*(partial(service, number) for number in range(4))) == 0
            finally:
                stopped.set()
            streams = [reader.result(timeout=60) for reader in readers]
        stop.set()
        places.update(written(Session(connection)))
        assert offences(Session(connection)) == []
    assert len(places) > 100
    assert lost_or_late(places, clone_relays.arrived) == []
    for stream in streams:
        assert lost_or_late(places, stream, as_log=True) == []
