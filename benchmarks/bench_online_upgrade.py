"""What writers notice of the upgrade from 0007 to 0011: how long they wait, and whether one fails.

A database at 0007 gets TICKETS tickets and their children. While WRITERS sessions of services and
workers write to every table that the revisions touch, a role that is neither superuser nor
BYPASSRLS upgrades it. Nobody may fail, nobody may wait longer than a try for a lock lasts, and
afterwards there are as many rows as before and as were written.
"""

from __future__ import annotations

import hashlib
import itertools
import random
import statistics
import threading
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from uuid import UUID

import psycopg
from psycopg.conninfo import make_conninfo

import harness
import ticket_schema
from ticket_schema import embedded
from ticket_schema.runner import Progress

TICKETS = 200_000
WRITERS = 8
START, END = "0007", "0011"
LOCK_SECONDS = 3.0
# What a writer may need besides, on a machine that is busy.
SLACK_SECONDS = 1.0
TENANTS = 4
TABLES = (
    "users",
    "orders",
    "tickets",
    "refunds",
    "order_discounts",
    "ticket_validations",
    "ticket_holds",
)

# Ids follow from numbers, so that writers know them; g is the number, a tenant is g % TENANTS.
FILL = f"""
SET session_replication_role = replica;
INSERT INTO ticketing.tenants (id, slug, name)
SELECT md5('tenant' || g)::uuid, 'tenant-' || g, 'Tenant'
FROM generate_series(0, {TENANTS - 1}) AS g;
INSERT INTO ticketing.events (tenant_id, id, name, starts_at, ends_at)
SELECT t.id, md5('event' || t.slug)::uuid, 'Concert', now(), now() + interval '3 hours'
FROM ticketing.tenants AS t;
INSERT INTO ticketing.ticket_types (
    tenant_id, id, event_id, name, price_cents, sale_start, sale_end
)
SELECT t.id, md5('type' || t.slug)::uuid, md5('event' || t.slug)::uuid, 'Floor', 5000,
    now() - interval '1 day', now() + interval '1 day'
FROM ticketing.tenants AS t;
INSERT INTO ticketing.ticket_inventory (tenant_id, ticket_type_id, quantity, held_quantity)
SELECT t.id, md5('type' || t.slug)::uuid, 1000000000, 1000000 FROM ticketing.tenants AS t;
INSERT INTO ticketing.discounts (tenant_id, id, code, discount_type, discount_value)
SELECT t.id, md5('discount' || g)::uuid, 'CODE-' || g, 'percentage', 10
FROM generate_series(0, 19) AS g
INNER JOIN ticketing.tenants AS t ON t.slug = 'tenant-' || g %% {TENANTS};
INSERT INTO ticketing.users (tenant_id, id, email)
SELECT t.id, md5('user' || g)::uuid, 'user-' || g || '@example.org'
FROM generate_series(0, %(tickets)s / 4 - 1) AS g
INNER JOIN ticketing.tenants AS t ON t.slug = 'tenant-' || g %% {TENANTS};
INSERT INTO ticketing.orders (tenant_id, id, order_number, user_id, status)
SELECT t.id, md5('order' || g)::uuid, 'O-' || g, md5('user' || g)::uuid, 'confirmed'
FROM generate_series(0, %(tickets)s / 4 - 1) AS g
INNER JOIN ticketing.tenants AS t ON t.slug = 'tenant-' || g %% {TENANTS};
INSERT INTO ticketing.tickets (
    tenant_id, id, event_id, ticket_type_id, user_id, original_purchaser_id, order_id,
    ticket_number, status, qr_code, barcode, is_nft, token_mint, price_cents
)
SELECT t.id, md5('ticket' || g)::uuid, md5('event' || t.slug)::uuid, md5('type' || t.slug)::uuid,
    md5('user' || o)::uuid, md5('user' || o)::uuid, md5('order' || o)::uuid,
    'T-' || g, 'active', 'Q-' || g, 'B-' || g, TRUE, rpad(translate(g::text, '0', 'A'), 32, 'z'),
    5000
FROM generate_series(0, %(tickets)s - 1) AS g
CROSS JOIN LATERAL (SELECT g %% (%(tickets)s / 4) AS o) AS k
INNER JOIN ticketing.tenants AS t ON t.slug = 'tenant-' || k.o %% {TENANTS};
INSERT INTO ticketing.refunds (tenant_id, order_id, amount_cents, reason)
SELECT o.tenant_id, o.id, 100, 'asked for' FROM ticketing.orders AS o;
INSERT INTO ticketing.order_discounts (
    tenant_id, order_id, discount_id, discount_code, discount_type, amount_cents
)
SELECT o.tenant_id, o.id, d.id, d.code, d.discount_type, 100
FROM ticketing.orders AS o
INNER JOIN ticketing.discounts AS d ON o.tenant_id = d.tenant_id
WHERE d.id <> md5('discount0')::uuid;
INSERT INTO ticketing.ticket_validations (tenant_id, ticket_id, validator_id)
SELECT t.tenant_id, t.id, t.user_id FROM ticketing.tickets AS t;
INSERT INTO ticketing.ticket_holds (
    tenant_id, ticket_type_id, quantity, remaining_quantity, hold_reason, held_by
)
SELECT u.tenant_id, md5('type' || t.slug)::uuid, 1, 1, 'press', u.id
FROM ticketing.users AS u
INNER JOIN ticketing.tenants AS t ON u.tenant_id = t.id;
SET session_replication_role = origin;
"""
# What writers do, a statement a write; each is one row.
INSERTS = {
    "tickets": """
        INSERT INTO ticketing.tickets (tenant_id, event_id, ticket_type_id, ticket_number, qr_code)
        SELECT tenant_id, event_id, ticket_type_id, %(word)s, %(word)s
        FROM ticketing.tickets WHERE tenant_id = %(tenant)s AND id = %(ticket)s""",
    "refunds": """
        INSERT INTO ticketing.refunds (tenant_id, order_id, amount_cents, reason)
        VALUES (%(tenant)s, %(order)s, 100, 'asked for')""",
    "ticket_validations": """
        INSERT INTO ticketing.ticket_validations (tenant_id, ticket_id, validator_id)
        VALUES (%(tenant)s, %(ticket)s, %(user)s)""",
    "ticket_holds": """
        INSERT INTO ticketing.ticket_holds (
            tenant_id, ticket_type_id, quantity, remaining_quantity, hold_reason, held_by
        )
        SELECT tenant_id, ticket_type_id, 1, 1, 'press', %(user)s
        FROM ticketing.tickets WHERE tenant_id = %(tenant)s AND id = %(ticket)s""",
}
UPDATES = {
    "tickets": """
        UPDATE ticketing.tickets SET payment_id = %(word)s, original_purchaser_id = %(user)s
        WHERE tenant_id = %(tenant)s AND id = %(ticket)s""",
    "order_discounts": """
        UPDATE ticketing.order_discounts SET status = 'reversed', reversed_at = clock_timestamp()
        WHERE tenant_id = %(tenant)s AND order_id = %(order)s""",
}
# The owners of these tables are other services; their copies are a worker's to write.
COPIES = {
    "users": """
        UPDATE ticketing.users SET version = version + 1
        WHERE tenant_id = %(tenant)s AND id = %(user)s""",
    "orders": """
        UPDATE ticketing.orders SET version = version + 1
        WHERE tenant_id = %(tenant)s AND id = %(order)s""",
}


@dataclass
class Traffic:
    """What the writers did.

    Args:
        urls: the logins that write, of a service and of a worker.
        tickets: how many tickets there were to begin with.
        waits: seconds that each transaction took, the pauses of its own left out.
        written: rows inserted, by table.
        failures: the errors of those that failed.
    """

    urls: tuple[str, str]
    tickets: int
    waits: list[float] = field(default_factory=list)
    written: Counter[str] = field(default_factory=Counter)
    failures: list[psycopg.Error] = field(default_factory=list)
    stop: threading.Event = field(default_factory=threading.Event)
    under_way: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))

    def write(self, number: int) -> None:
        """Writes, a transaction after the other, until it is told to stop.

        Args:
            number: of the writer; odd ones are workers.
        """
        chance = random.Random(number)
        statements = [*INSERTS.items(), *UPDATES.items(), *(COPIES.items() if number % 2 else ())]
        with psycopg.connect(self.urls[number % 2], autocommit=True) as connection:
            for turn in itertools.count():
                if self.stop.is_set():
                    return
                self._transact(connection, f"W-{number}-{turn}", chance, statements)
                self.under_way.release()

    def _transact(
        self,
        connection: psycopg.Connection,
        word: str,
        chance: random.Random,
        statements: list[tuple[str, str]],
    ) -> None:
        """Writes one row of each of two tables, with a pause in between as a service has it."""
        order = chance.randrange(self.tickets // 4)
        # Everything that a service writes goes down the same order of tables, so that writers do
        # not meet each other.
        pair = sorted(chance.sample(range(len(statements)), 2))
        pause = chance.uniform(0.0, 0.02)
        values = {
            "tenant": _id(f"tenant{order % TENANTS}"),
            "order": _id(f"order{order}"),
            "user": _id(f"user{order}"),
            "ticket": _id(f"ticket{order + self.tickets // 4 * chance.randrange(4)}"),
            "word": word,
        }
        started = time.monotonic()
        try:
            with connection.transaction():
                connection.execute(
                    "SELECT set_config('app.current_tenant_id', %s, TRUE)", [values["tenant"]]
                )
                for place in pair:
                    connection.execute(statements[place][1].encode(), values)
                    time.sleep(pause)
        except psycopg.Error as error:
            self.failures.append(error)
            return
        self.waits.append(time.monotonic() - started - 2 * pause)
        self.written.update(statements[place][0] for place in pair if place < len(INSERTS))


def main() -> None:
    """Runs it on an embedded server and prints the figures."""
    harness.run(lambda server, _: measure(*prepare(server), tickets=TICKETS, writers=WRITERS))


def prepare(server: embedded.Embedded) -> tuple[str, str, tuple[str, str]]:
    """Returns connection strings of superuser, migrator and writers to a database at START.

    Args:
        server: where it is made.
    """
    harness.execute(
        server,
        "postgres",
        "CREATE ROLE bench_migrator LOGIN CREATEROLE",
        "CREATE DATABASE bench OWNER bench_migrator",
    )
    logins = {name: make_conninfo(server.url("bench"), user=f"bench_{name}") for name in
              ("migrator", "app", "worker")}  # fmt: skip
    harness.upgrade(logins["migrator"], START)
    for name in ("app", "worker"):
        role = f"CREATE ROLE bench_{name} LOGIN IN ROLE ticketing_{name}"
        harness.execute(server, "bench", role)
    return server.url("bench"), logins["migrator"], (logins["app"], logins["worker"])


def measure(
    superuser: str,
    migrator: str,
    logins: tuple[str, str],
    *,
    tickets: int,
    writers: int,
    lock_seconds: float = LOCK_SECONDS,
    slack_seconds: float = SLACK_SECONDS,
) -> dict[str, object]:
    """Returns the figures of one upgrade under load.

    Args:
        superuser: connection string to a database at START without rows, for filling and counting.
        migrator: connection string of who upgrades.
        logins: connection strings of a service and of a worker.
        tickets: how many tickets there are.
        writers: how many sessions write.
        lock_seconds: how long one try of the upgrade waits for a lock.
        slack_seconds: what a writer may need besides.

    Raises:
        RuntimeError: a writer failed or waited too long, or rows were lost or left over.
    """
    fill(superuser, tickets)
    before = count(superuser)
    traffic = Traffic(logins, tickets)
    steps: dict[str, float] = {}
    retries: Counter[str] = Counter()

    def note(progress: Progress) -> None:
        if progress.kind == "done":
            steps[progress.revision] = round(progress.seconds, 2)
        if progress.kind == "retrying":
            retries[progress.revision] += 1

    with ThreadPoolExecutor(writers) as pool:
        working = [pool.submit(traffic.write, number) for number in range(writers)]
        try:
            undisturbed = _undisturbed(traffic, writers)
            ticket_schema.upgrade(
                migrator, END, progress=note, lock_timeout=f"{round(lock_seconds * 1000)}ms"
            )
            # Writers go on under the new rules for a while.
            _wait_for(traffic.under_way.acquire, 5 * writers)
        finally:
            traffic.stop.set()
    for writer in working:
        writer.result()
    report: dict[str, object] = {
        "benchmark": f"upgrade {START} to {END}, {tickets} tickets, {writers} writers",
        "rows": before,
        "seconds_by_revision": steps,
        "retries_by_revision": dict(retries),
        "transactions": len(traffic.waits),
        "failures": [str(error) for error in traffic.failures[:5]],
        "median_seconds": {
            "before": round(undisturbed, 4),
            "in_all": round(statistics.median(traffic.waits), 4),
        },
        "longest_wait_seconds": round(max(traffic.waits), 3),
    }
    _judge(report, traffic, before, count(superuser), lock_seconds + slack_seconds)
    return report


def fill(superuser: str, tickets: int) -> None:
    """Makes the rows.

    Args:
        superuser: connection string of a superuser.
        tickets: how many tickets; the others follow.
    """
    with psycopg.connect(superuser, autocommit=True) as connection:
        script = FILL.replace("%(tickets)s", str(tickets)).replace("%%", "%")
        connection.execute(script.encode())
        connection.execute("ANALYZE")


def count(superuser: str) -> dict[str, int]:
    """Returns how many rows each table has.

    Args:
        superuser: connection string of a superuser.
    """
    with psycopg.connect(superuser) as connection:
        found = {}
        for table in TABLES:
            row = connection.execute(f"SELECT count(*) FROM ticketing.{table}".encode()).fetchone()
            found[table] = int(row[0]) if row else 0
    return found


def _id(name: str) -> str:
    # As md5(name)::uuid says in SQL.
    return str(UUID(hashlib.md5(name.encode(), usedforsecurity=False).hexdigest()))


def _undisturbed(traffic: Traffic, writers: int) -> float:
    _wait_for(traffic.under_way.acquire, 10 * writers)
    return statistics.median(traffic.waits) if traffic.waits else 0.0


def _wait_for(one: Callable[..., bool], number: int) -> None:
    for _ in range(number):
        if not one(timeout=60):
            msg = "the writers do not get on"
            raise RuntimeError(msg)


def _judge(
    report: dict[str, object],
    traffic: Traffic,
    before: dict[str, int],
    after: dict[str, int],
    longest: float,
) -> None:
    wrong = []
    if traffic.failures:
        wrong.append(f"{len(traffic.failures)} writers failed, {report['failures']}")
    if max(traffic.waits) > longest:
        wrong.append(f"a writer waited {max(traffic.waits):.2f} s instead of {longest:.2f} s")
    expected = {table: number + traffic.written[table] for table, number in before.items()}
    if after != expected:
        wrong.append(f"there are {after} rows instead of {expected}")
    if wrong:
        raise RuntimeError("; ".join(wrong))


if __name__ == "__main__":
    main()
