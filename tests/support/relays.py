"""Relays and consumers of the outbox."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import psycopg

from .databases import Database
from .factories import Make, Row
from .outbox_order import Key
from .session import Session

PASS_TIME = """
    UPDATE ticketing.outbox
    SET next_attempt_at = next_attempt_at - %s::interval, locked_until = locked_until - %s::interval
"""


def claim(
    db: Session, batch: Any = 100, lease: Any = "1 minute", relay: Any = "relay"
) -> list[Row]:
    """Returns what a relay is given."""
    return db.all("SELECT * FROM ticketing.claim_outbox(%s, %s, %s)", batch, lease, relay)


def acknowledge(db: Session, *events: Row, token: str | None = None) -> int:
    """Acknowledges events with the token of the first, or another; returns how many it did."""
    return int(
        db.value(
            "SELECT ticketing.ack_outbox(%s, %s)",
            [event["id"] for event in events],
            token or events[0]["lock_token"],
        )
    )


def fail(db: Session, event: Row, error: str = "no broker") -> str:
    """Reports that an event could not be sent; returns what became of it."""
    query = "SELECT ticketing.fail_outbox(%s, %s, %s)"
    return str(db.value(query, event["id"], event["lock_token"], error))


def pass_time(db: Session, time: str) -> None:
    """Makes every due time and lease older, as if so much time had passed."""
    db.run(PASS_TIME, time, time)


def state(db: Session, event: UUID) -> Row:
    """Returns the row of an event."""
    return db.one("SELECT * FROM ticketing.outbox WHERE id = %s", event)


def read_once(db: Session, limit: Any = 100, consumer: Any = "search") -> list[Row]:
    """Returns what a consumer of the log is given when it asks once."""
    return db.all("SELECT * FROM ticketing.read_outbox_log(%s, %s)", consumer, limit)


def quiet(db: Session) -> None:
    """Waits until the server runs no transaction of its own, such as that of an autovacuum."""
    own = """
        SELECT 1 FROM pg_locks AS l INNER JOIN pg_stat_activity AS a USING (pid)
        WHERE l.locktype = 'transactionid' AND l.granted AND a.usesysid IS NULL
    """
    deadline = time.monotonic() + 20
    while db.all(own) and time.monotonic() < deadline:
        time.sleep(0.02)


def read(db: Session, limit: Any = 100, consumer: Any = "search") -> list[Row]:
    """Returns what a consumer of the log is given.

    An empty answer that waits for other transactions is asked for again a few times, as the
    server's own may be among them. Inside a transaction it cannot be: there ask `quiet` before.
    """
    waits = "SELECT 1 FROM ticketing.outbox_cursors WHERE candidate_seq > 0 AND consumer = %s"
    for _ in range(5):
        rows = read_once(db, limit, consumer)
        alone = db.connection.info.transaction_status == psycopg.pq.TransactionStatus.IDLE
        if rows or not alone or not db.all(waits, consumer):
            break
        quiet(db)
        time.sleep(0.01)
    return rows


def advance(db: Session, start: Any, end: Any, consumer: Any = "search") -> bool:
    """Moves the cursor of a consumer; returns whether it did."""
    query = "SELECT ticketing.advance_outbox_cursor(%s, %s, %s)"
    return bool(db.value(query, consumer, start, end))


def publish(
    target: Database, *aggregates: str, tenant: UUID | None = None, **given: Any
) -> tuple[UUID, list[Row]]:
    """Commits an event of each aggregate, in one transaction; returns the tenant as well."""
    with psycopg.connect(target.superuser_url) as connection:
        make = Make(Session(connection))
        tenant = tenant or make.tenant()
        rows = [make.row("outbox", tenant, aggregate_id=name, **given) for name in aggregates]
    return tenant, rows


def consumer(target: Database, name: str = "search") -> None:
    """Commits a consumer of the log."""
    with target.connect("ts_test_worker") as connection:
        connection.execute("INSERT INTO ticketing.outbox_cursors (consumer) VALUES (%s)", [name])


def behind(db: Session, consumer: str = "search") -> bool:
    """Returns whether an event that is committed still lies before the consumer."""
    query = """
        SELECT c.seq < greatest(
            (SELECT max(o.seq) FROM ticketing.outbox AS o),
            (SELECT max(a.seq) FROM ticketing.outbox_cursors AS a)
        )
        FROM ticketing.outbox_cursors AS c
        WHERE c.consumer = %s
    """
    return bool(db.value(query, consumer))


def follow(target: Database, consumer: str, stopped: threading.Event) -> list[Key]:
    """Reads the log until the writers have stopped and all is read; returns what it was given.

    An empty page says nothing about the end: it may wait for the transaction of another reader.
    """
    seen: list[Key] = []
    deadline: float | None = None
    with target.connect("ts_test_worker") as connection:
        db = Session(connection)
        while True:
            last = stopped.is_set()
            events = read_once(db, 7, consumer)
            if events:
                if advance(db, events[0]["cursor_seq"], events[-1]["seq"], consumer=consumer):
                    seen += [Key(event["tenant_id"], event["id"]) for event in events]
            elif last:
                if not behind(db, consumer):
                    return seen
                deadline = deadline or time.monotonic() + 30
                assert time.monotonic() < deadline, db.all("SELECT * FROM ticketing.outbox_cursors")
                time.sleep(0.005)


class Relays:
    """Relays that are killed at random, and the broker that they send to.

    Args:
        clone: a database of the test's own.
        number: how many relays there are.
    """

    def __init__(self, clone: Database, number: int = 8) -> None:
        self.clone = clone
        self.number = number
        self.arrived: list[Key] = []
        self.leases: list[tuple[UUID, str]] = []
        self.backends: dict[int, int] = {}
        self.done = threading.Event()
        self.kills = 0

    def relay(self, number: int) -> None:
        """Claims, sends and reports until all is done; begins anew when it was killed."""
        chance = random.Random(number)
        while not self.done.is_set():
            with suppress(psycopg.Error), self.clone.connect("ts_test_worker") as connection:
                self.backends[number] = connection.info.backend_pid
                self.drain(Session(connection), f"relay-{number}", chance)

    def drain(self, session: Session, name: str, chance: random.Random) -> None:
        """Sends what it may, and fails now and then."""
        while not self.done.is_set():
            for event in claim(session, batch=4, lease="1 second", relay=name):
                if event["locked_until"] < datetime.now(UTC):
                    break  # another relay may have it
                self.arrived.append(Key(event["tenant_id"], event["id"]))
                self.leases.append((event["id"], event["lock_token"]))
                if chance.random() < 0.1:
                    fail(session, event)
                else:
                    acknowledge(session, event)

    def killer(self) -> None:
        """Ends the session of a relay, whatever it is doing."""
        chance = random.Random(1)
        with self.clone.connect() as connection:
            while not self.done.wait(0.02):
                if self.kills < 60 and self.backends:
                    victim = chance.choice(list(self.backends.values()))
                    query = "SELECT pg_terminate_backend(%s)"
                    self.kills += bool(Session(connection).value(query, victim))

    def run(self, *writers: Callable[[], None]) -> int:
        """Relays until the writers are through; returns how many events were not delivered."""
        hurry = """
            UPDATE ticketing.outbox SET next_attempt_at = now()
            WHERE status = 'pending' AND next_attempt_at > now()
        """
        left = "SELECT count(*) FROM ticketing.outbox WHERE status <> 'processed'"
        with (
            ThreadPoolExecutor(self.number + len(writers) + 1) as pool,
            self.clone.connect() as watching,
        ):
            writing = [pool.submit(writer) for writer in writers]
            workers = [pool.submit(self.relay, number) for number in range(self.number)]
            workers.append(pool.submit(self.killer))
            try:
                for _ in range(1200):
                    written = all(writer.done() for writer in writing)
                    watching.execute(hurry)
                    remaining = int(Session(watching).value(left))
                    if written and remaining == 0:
                        break
                    self.done.wait(0.05)
            finally:
                self.done.set()
            for worker in (*writing, *workers):
                worker.result(timeout=20)
        return remaining
