"""read_outbox_log: every event once it is settled, in the order in which they were written."""

from __future__ import annotations

import random
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any
from uuid import UUID

import psycopg
import pytest

from support.databases import Database
from support.factories import Make
from support.outbox_order import lost_or_late, written
from support.races import until_it_waits
from support.relays import (
    acknowledge,
    advance,
    claim,
    consumer,
    follow,
    publish,
    quiet,
    read,
    read_once,
)
from support.session import Session

if TYPE_CHECKING:
    from conftest import Acting

ADD = """
    INSERT INTO ticketing.outbox (tenant_id, aggregate_type, aggregate_id, event_type, payload)
    VALUES (%s, 'ticket', %s, 'ticket.sold', '{}') RETURNING id
"""
CURSOR = "SELECT * FROM ticketing.outbox_cursors WHERE consumer = 'search'"


@pytest.fixture
def reader(clone: Database) -> Iterator[Session]:
    """A worker that commits each call, in a database with the consumer `search`."""
    consumer(clone)
    with clone.connect("ts_test_worker") as connection:
        yield Session(connection)


def write(connection: psycopg.Connection, tenant: UUID, aggregate: str = "a") -> UUID:
    """Writes an event as a service; the caller commits."""
    connection.execute("SELECT set_config('app.current_tenant_id', %s, TRUE)", [str(tenant)])
    row = connection.execute(ADD, [tenant, aggregate]).fetchone()
    assert row is not None
    made: UUID = row[0]
    return made


def seqs(session: Session, **given: Any) -> list[int]:
    return [event["seq"] for event in read(session, **given)]


def test_every_event_of_every_tenant_comes_in_order(clone: Database, reader: Session) -> None:
    tenant, first = publish(clone, "a", "b", payload={"x": 1}, headers={"h": 2})
    other, second = publish(clone, "a")
    events = read(reader)
    same = [name for name in events[0] if name != "cursor_seq"]
    assert [{name: event[name] for name in same} for event in events] == [
        {name: row[name] for name in same} for row in (*first, *second)
    ]
    assert {event["tenant_id"] for event in events} == {tenant, other}
    assert {event["cursor_seq"] for event in events} == {0}


def test_what_relays_did_to_an_event_does_not_matter(clone: Database, reader: Session) -> None:
    _, rows = publish(clone, "a", "b", "c", "d")
    acknowledge(reader, *claim(reader, batch=1))
    claim(reader, batch=1)
    publish(clone, "e", status="dead")
    assert seqs(reader)[:4] == [row["seq"] for row in rows]
    assert len(read(reader)) == 5


def test_the_same_events_come_again_until_the_cursor_moves(
    clone: Database, reader: Session
) -> None:
    _, rows = publish(clone, *"abcde")
    expected = [row["seq"] for row in rows]
    assert seqs(reader, limit=2) == seqs(reader, limit=2) == expected[:2]
    assert advance(reader, 0, expected[1])
    assert seqs(reader, limit=2) == expected[2:4]
    assert advance(reader, expected[1], expected[3])
    (last,) = read(reader)
    assert (last["seq"], last["cursor_seq"]) == (expected[4], expected[3])
    assert advance(reader, expected[3], expected[4])
    assert read(reader) == []


def test_consumers_do_not_know_of_each_other(clone: Database, reader: Session) -> None:
    consumer(clone, "mail")
    _, (row,) = publish(clone, "a")
    assert seqs(reader) == [row["seq"]]
    assert advance(reader, 0, row["seq"])
    assert seqs(reader, consumer="mail") == [row["seq"]]


def test_the_tenant_of_the_context_narrows_nothing(clone: Database, reader: Session) -> None:
    """A cursor that moved past what was not shown would lose it."""
    tenant, _ = publish(clone, "a")
    publish(clone, "a")
    quiet(reader)
    with reader.connection.transaction():
        reader.all("SELECT set_config('app.current_tenant_id', %s, TRUE)", str(tenant))
        assert len(read(reader)) == 2


def test_an_event_that_commits_late_is_not_passed(clone: Database, reader: Session) -> None:
    """The loss that a bare cursor has: the later number is committed first."""
    tenant, _ = publish(clone)
    with clone.connect("ts_test_app") as slow:
        with slow.transaction():
            late = write(slow, tenant)
            _, (early,) = publish(clone, "b", tenant=tenant)
            for _ in range(3):
                assert read(reader) == []
            with reader.refused("TK183"):
                advance(reader, 0, early["seq"])
        events = read(reader)
    assert [event["id"] for event in events] == [late, early["id"]]


def test_what_was_settled_before_a_long_transaction_comes_at_once(
    clone: Database, reader: Session
) -> None:
    tenant, (before,) = publish(clone, "a")
    assert seqs(reader) == [before["seq"]]
    with clone.connect("ts_test_app") as slow:
        with slow.transaction():
            write(slow, tenant)
            publish(clone, "b", tenant=tenant)
            assert seqs(reader) == [before["seq"]]
            assert reader.one(CURSOR)["candidate_seq"] > before["seq"]
        assert len(read(reader)) == 3
    assert reader.one(CURSOR)["candidate_seq"] is None


def test_a_transaction_that_is_rolled_back_holds_nothing_back_for_good(
    clone: Database, reader: Session
) -> None:
    tenant, _ = publish(clone)
    with clone.connect("ts_test_app") as slow:
        with slow.transaction(force_rollback=True):
            write(slow, tenant)
            _, (row,) = publish(clone, "b", tenant=tenant)
            assert read(reader) == []
        assert seqs(reader) == [row["seq"]]


def test_a_transaction_that_began_long_before_its_event_keeps_its_place(
    clone: Database, reader: Session
) -> None:
    """Its number is older than that of an event written before; the order is that of writing."""
    tenant, _ = publish(clone)
    with clone.connect("ts_test_app") as slow:
        with slow.transaction():
            slow.execute("SELECT pg_current_xact_id()")
            _, (first,) = publish(clone, "a", tenant=tenant)
            assert read(reader) == []
            second = write(slow, tenant, "a")
        assert [event["id"] for event in read(reader)] == [first["id"], second]


def test_an_empty_page_may_wait_for_another_reader(clone: Database, reader: Session) -> None:
    """Whoever takes it for the end of the log stops too early; the next page has the rest."""
    consumer(clone, "mail")
    _, (row,) = publish(clone, "a")
    with clone.connect("ts_test_worker") as other:
        quiet(reader)
        with other.transaction():
            read_once(Session(other), consumer="mail")
            assert read_once(reader) == []
            waits = reader.one(CURSOR)
            assert (waits["safe_seq"], waits["candidate_seq"]) == (0, row["seq"])
        assert seqs(reader) == [row["seq"]]


def test_a_transaction_has_its_number_while_its_event_is_on_its_way(
    clone: Database, reader: Session
) -> None:
    """Between seq and row: without a number, the transaction would not be waited for."""
    # Of 32 numbers that are given out, one is logged, which gives a transaction its number as well.
    tenant, (before,) = publish(clone, "before")
    assert seqs(reader) == [before["seq"]]
    assert advance(reader, 0, before["seq"])
    with (
        clone.connect() as gate,
        clone.connect("ts_test_app") as slow,
        ThreadPoolExecutor(1) as one,
    ):
        gate.execute(
            """
            CREATE FUNCTION public.pause() RETURNS trigger LANGUAGE plpgsql AS
                'BEGIN PERFORM pg_advisory_xact_lock_shared(1); RETURN NEW; END';
            CREATE TRIGGER trg_outbox_20_pause BEFORE INSERT ON ticketing.outbox
                FOR EACH ROW WHEN (NEW.aggregate_id = 'slow') EXECUTE FUNCTION public.pause();
            """
        )
        with gate.transaction():
            gate.execute("SELECT pg_advisory_xact_lock(1)")

            def act() -> UUID:
                with slow.transaction():
                    return write(slow, tenant, "slow")

            answer = one.submit(act)
            until_it_waits(gate, slow, answer)
            _, (early,) = publish(clone, "fast", tenant=tenant)
            for _ in range(3):
                assert read(reader) == []
        late = answer.result(timeout=10)
    events = read(reader)
    assert [event["id"] for event in events] == [late, early["id"]]
    assert events[0]["seq"] < events[1]["seq"]


def test_the_numbers_come_one_by_one(db: Session) -> None:
    """A session with a store of its own would give out an old number late."""
    query = """
        SELECT seqcache, seqincrement, seqcycle FROM pg_sequence
        WHERE seqrelid = pg_get_serial_sequence('ticketing.outbox', 'seq')::regclass
    """
    assert db.one(query) == {"seqcache": 1, "seqincrement": 1, "seqcycle": False}


def test_a_steady_load_does_not_hold_it_back(clone: Database, reader: Session) -> None:
    """Some transaction is always running, each for a short time."""
    tenant, (row,) = publish(clone, "a")
    with clone.connect("ts_test_app") as one, clone.connect("ts_test_app") as two:
        one.autocommit = two.autocommit = False
        write(one, tenant)
        for ends, begins in ((one, two), (two, one), (one, two)):
            read(reader)
            write(begins, tenant)
            ends.commit()
        assert row["seq"] in seqs(reader)
        assert len(read(reader)) >= 2
        two.rollback()


def test_an_idle_consumer_writes_nothing(clone: Database, reader: Session) -> None:
    _, (row,) = publish(clone, "a")
    read(reader)
    advance(reader, 0, row["seq"])
    with reader.connection.transaction():
        assert read(reader) == []
        assert reader.value("SELECT pg_current_xact_id_if_assigned() IS NULL")


def test_a_backlog_is_worked_off_without_asking_again(clone: Database, reader: Session) -> None:
    publish(clone, *(str(n) for n in range(10)))
    assert len(read(reader, limit=2)) == 2
    publish(clone, "later")
    with reader.connection.transaction():
        assert len(read(reader, limit=2)) == 2
        assert reader.value("SELECT pg_current_xact_id_if_assigned() IS NULL")


def test_a_transaction_that_wrote_already_cannot_ask(clone: Database, reader: Session) -> None:
    _, (row,) = publish(clone, "a")
    write_first = "SELECT pg_current_xact_id()"
    with reader.connection.transaction():
        reader.all(write_first)
        with reader.refused("TK184"):
            read(reader)
    assert seqs(reader) == [row["seq"]]
    publish(clone, "b")
    with reader.connection.transaction():
        reader.all(write_first)
        assert seqs(reader) == [row["seq"]]


def test_work_and_cursor_may_commit_together(clone: Database, reader: Session) -> None:
    _, rows = publish(clone, "a", "b")
    last = rows[-1]["seq"]
    quiet(reader)
    with reader.connection.transaction(force_rollback=True):
        assert len(read(reader)) == 2
        assert advance(reader, 0, last)
    with reader.connection.transaction():
        assert len(read(reader)) == 2
        assert advance(reader, 0, last)
    assert read(reader) == []


def test_at_repeatable_read_it_is_as_careful(clone: Database, reader: Session) -> None:
    tenant, _ = publish(clone)
    level = "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ"
    with clone.connect("ts_test_app") as slow:
        with slow.transaction():
            write(slow, tenant)
            publish(clone, "b", tenant=tenant)
            with reader.connection.transaction():
                reader.run(level)
                assert read(reader) == []
        quiet(reader)
        with reader.connection.transaction():
            reader.run(level)
            assert len(read(reader)) == 2


def test_a_candidate_of_another_cluster_does_not_stop_the_log(
    clone: Database, reader: Session
) -> None:
    """After a restore from a dump the numbers of transactions begin anew."""
    _, (row,) = publish(clone, "a")
    reader.run(
        "UPDATE ticketing.outbox_cursors SET candidate_seq = %s, candidate_xact = '99999999999'",
        row["seq"] + 1000,
    )
    assert seqs(reader) == [row["seq"]]
    assert reader.one(CURSOR)["safe_seq"] == row["seq"]


def test_a_consumer_set_back_reads_again(clone: Database, reader: Session) -> None:
    _, (row,) = publish(clone, "a")
    read(reader)
    advance(reader, 0, row["seq"])
    reader.run("UPDATE ticketing.outbox_cursors SET seq = 0")
    assert seqs(reader) == [row["seq"]]


def test_an_unknown_consumer_is_refused(db: Session, as_worker: Acting) -> None:
    with as_worker(), db.refused("TK182"):
        read(db, consumer="serach")


@pytest.mark.parametrize(
    ("given", "what"),
    [
        ({"consumer": None}, "p_consumer is NULL"),
        *[({"limit": limit}, "p_limit is not 1 to 10000") for limit in (None, 0, -1, 10001)],
    ],
)
def test_a_wrong_argument_is_refused(
    db: Session, as_worker: Acting, given: dict[str, Any], what: str
) -> None:
    with as_worker(), db.refused("TK001") as by:
        read(db, **given)
    assert what in str(by.error)


@pytest.mark.parametrize("limit", [1, 10000])
def test_the_last_allowed_limit_is_accepted(
    db: Session, make: Make, tenant: UUID, *, as_worker: Acting, limit: int
) -> None:
    make.row("outbox_cursors", tenant, consumer="search")
    with as_worker():
        assert read(db, limit=limit) == []


def test_it_is_for_workers_alone(
    db: Session, tenant: UUID, *, as_tenant: Acting, as_readonly: Acting, as_nobody: Acting
) -> None:
    for acting in (as_tenant(tenant), as_readonly(tenant), as_nobody(tenant=tenant)):
        with acting, db.refused("42501"):
            read(db)


def test_a_page_reads_no_more_rows_than_it_gives(clone: Database, reader: Session) -> None:
    publish(clone)
    with clone.connect() as connection:
        connection.execute(
            """
            INSERT INTO ticketing.outbox (
                tenant_id, aggregate_type, aggregate_id, event_type, payload
            )
            SELECT t.id, 'ticket', g::text, 'ticket.sold', '{}'
            FROM ticketing.tenants AS t CROSS JOIN generate_series(1, 5000) AS g
            """
        )
        connection.execute("ANALYZE ticketing.outbox")
    reads = """
        SELECT seq_tup_read + coalesce(idx_tup_fetch, 0) AS reads
        FROM pg_stat_xact_user_tables WHERE relid = 'ticketing.outbox'::regclass
    """
    start = 0
    quiet(reader)
    for _ in range(8):
        with reader.connection.transaction():
            before = reader.value(reads)
            page = seqs(reader, limit=20)
            assert reader.value(reads) - before <= 25
        assert advance(reader, start, page[-1])
        start = page[-1]


def test_under_random_writers_and_readers_nothing_is_lost_or_out_of_order(
    clone: Database, reader: Session
) -> None:
    tenant, _ = publish(clone)
    stopped = threading.Event()
    locks = [threading.Lock() for _ in range(6)]

    def writer(number: int) -> int:
        chance = random.Random(number)
        commits = 0
        with clone.connect("ts_test_app") as connection:
            connection.autocommit = False
            for _ in range(40):
                if chance.random() < 0.5:
                    connection.execute("SELECT pg_current_xact_id()")
                    stopped.wait(chance.random() * 0.01)
                held = chance.randrange(6)
                # As a row lock would, this serialises the writers of one aggregate.
                with locks[held]:
                    write(connection, tenant, f"a{held}")
                    stopped.wait(chance.random() * 0.01)
                    if chance.random() < 0.2:
                        connection.rollback()
                    else:
                        connection.commit()
                        commits += 1
        return commits

    for number in range(2):
        consumer(clone, f"c{number}")
    with ThreadPoolExecutor(8) as pool:
        readers = [pool.submit(follow, clone, f"c{number}", stopped) for number in range(2)]
        writers = [pool.submit(writer, number) for number in range(6)]
        try:
            commits = sum(each.result(timeout=60) for each in writers)
        finally:
            stopped.set()
        with clone.connect() as connection:
            places = written(Session(connection))
        assert len(places) == commits
        for each in readers:
            assert lost_or_late(places, each.result(timeout=60), as_log=True) == []
