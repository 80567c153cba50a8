"""The context behind a real PgBouncer in transaction mode, where clients share server sessions.

A random life with faults, of which every answer is compared with what the superuser says of that
tenant; then each way to set a context by itself, on one server session that all clients share.
"""

from __future__ import annotations

import os
import socket
import threading
from collections import defaultdict
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from configparser import ConfigParser
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any
from uuid import UUID

import psycopg
import pytest
from psycopg import errors
from psycopg.errors import Diagnostic

from support import databases
from support.databases import Database
from support.factories import Make
from support.pgbouncer import PgBouncer, pgbouncer
from support.servers import Server
from support.session import CONTEXT, Session

DOCS = Path(__file__).parents[2] / "docs" / "dependents.md"
APP = "ts_test_app"
TENANTS = 8
CLIENTS = 24
TRANSACTIONS = 25
POOL_SIZE = 3
# Nothing waits for ever: neither for a server session nor for an answer.
LIMITS = {"query_wait_timeout": "30", "query_timeout": "30"}

# No condition on the tenant: what keeps the others out is row level security alone.
READ = "SELECT tenant_id, id FROM ticketing.tickets ORDER BY id"
READ_SOME = "SELECT tenant_id, id FROM ticketing.tickets WHERE id = ANY(%s) ORDER BY id"
LEFT = "SELECT pg_backend_pid(), " + ", ".join(
    f"coalesce(current_setting('{name}', TRUE), '')" for name in CONTEXT
)
PLANNED = "SELECT statement FROM pg_prepared_statements WHERE generic_plans + custom_plans > 5"
RENAME = "UPDATE ticketing.zones SET name = %s WHERE id = %s"

Rows = list[tuple[Any, ...]]


@dataclass
class Home:
    """What one tenant has."""

    tenant: UUID
    event: UUID
    users: list[UUID]
    zones: list[UUID]  # one for each client


@dataclass
class World:
    """A database with tenants, and what the superuser says of each."""

    database: Database
    homes: list[Home]
    # By tenant and user; a service has no user.
    tickets: dict[tuple[UUID, UUID | None], Rows]

    @property
    def every_ticket(self) -> list[UUID]:
        return [row[1] for (_, user), rows in self.tickets.items() if user is None for row in rows]


def populate(target: Database, *, clients: int = CLIENTS) -> World:
    """Commits tenants, each with customers, tickets and one zone for each client."""
    with psycopg.connect(target.superuser_url) as connection:
        make = Make(Session(connection))
        homes = []
        for _ in range(TENANTS):
            tenant = make.tenant()
            kind = make.ticket_type(tenant)
            users = [make.id("users", tenant) for _ in range(2)]
            for holder in (*users, *users, None):
                given = {"status": "active", "user_id": holder} if holder else {}
                make.row("tickets", tenant, ticket_type_id=kind["id"], **given)
            event = kind["event_id"]
            zones = [
                make.id("zones", tenant, event_id=event, name=f"zone {number}")
                for number in range(clients)
            ]
            homes.append(Home(tenant, event, users, zones))
        return World(target, homes, oracle(connection, homes))


def oracle(connection: psycopg.Connection, homes: list[Home]) -> dict[Any, Rows]:
    """Returns the tickets that each tenant, and each customer of it, must see."""
    said = {}
    for home in homes:
        for user in (None, *home.users):
            query = "SELECT tenant_id, id FROM ticketing.tickets WHERE tenant_id = %s"
            if user is not None:
                query += " AND user_id = %s"
            values = [home.tenant] + ([user] if user else [])
            rows = connection.execute(f"{query} ORDER BY id".encode(), values).fetchall()
            assert rows
            said[home.tenant, user] = rows
    return said


@pytest.fixture(scope="module")
def world(server: Server, template: Database) -> Iterator[World]:
    with databases.database(server, template.name) as made:
        yield populate(made)


@contextmanager
def several(bouncer: PgBouncer, world: World, count: int) -> Iterator[list[psycopg.Connection]]:
    with ExitStack() as stack:
        yield [stack.enter_context(bouncer.connect(world.database.name, APP)) for _ in range(count)]


# A random life ------------------------------------------------------------------------------------


def hang_up(connection: psycopg.Connection) -> None:
    """Cuts the line to the pooler, as a client does that is killed."""
    with socket.socket(fileno=os.dup(connection.fileno())) as line:
        line.shutdown(socket.SHUT_RDWR)
    connection.close()


class Over(Exception):  # noqa: N818 - no error, an end
    """The transaction has ended otherwise than by COMMIT."""


@dataclass
class Life:
    """Many clients behind one pooler.

    Args:
        world: what they work on.
        bouncer: what they work through.
        seed: of all that is random.
    """

    world: World
    bouncer: PgBouncer
    seed: int
    # The tenants that each server session worked for.
    served: dict[int, set[UUID]] = field(default_factory=lambda: defaultdict(set))
    done: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    # The first wrong answer ends the life.
    stop: threading.Event = field(default_factory=threading.Event)

    def live(self, clients: int, transactions: int) -> None:
        """Lets the clients work to the end; raises what the first of them found wrong."""

        def one(number: int) -> str | None:
            client = Client(self, number)
            try:
                for _ in range(transactions):
                    if self.stop.is_set():
                        return None
                    client.transact()
            except Exception as error:
                self.stop.set()
                return f"seed {self.seed}, client {number}, {client.doing}: {error!r}"
            finally:
                client.connection.close()
            return client.check()

        with ThreadPoolExecutor(clients) as pool:
            wrong = [said for said in pool.map(one, range(clients)) if said]
        assert not wrong, "\n".join(wrong)


class Client:
    """One client: transactions of one tenant after the other, over one connection."""

    def __init__(self, life: Life, number: int) -> None:
        self.life = life
        self.number = number
        self.random = Random(f"{life.seed}-{number}")
        self.connection = self.connect()
        # What its own zone is called in each tenant, as committed.
        self.names = self.committed()
        self.doing = ""
        self.serial = 0

    def connect(self) -> psycopg.Connection:
        connection = self.life.bouncer.connect(self.life.world.database.name, APP)
        connection.prepare_threshold = 2
        return connection

    def transact(self) -> None:
        """Runs a transaction of a random tenant, with random acts, to a random end."""
        self.home = self.random.choice(self.life.world.homes)
        self.written: str | None = None
        begun = self.random.choice(list(BEGINNINGS))
        self.doing = begun
        self.connection.execute("BEGIN")
        try:
            pid, *left = self.rows(LEFT)[0]
            assert left == [""] * len(CONTEXT), f"the session was left with {left}"
            self.pid = pid
            self.user = self.random.choice(self.home.users)
            self.sees = BEGINNINGS[begun](self)
            self.life.served[pid].add(self.home.tenant)
            for act in self.random.choices(
                *zip(*ACTS.items(), strict=True), k=self.random.randint(1, 4)
            ):
                self.doing = f"{begun}, {act.__name__}"
                self.life.done[act.__name__] += 1
                act(self)
            self.doing = f"{begun}, the end"
            self.read()
        except Over:
            return
        if self.random.random() < 0.3:
            self.roll_back()
            return
        self.connection.execute("COMMIT")
        if self.written is not None:
            self.names[self.home.tenant] = self.written

    def rows(self, query: str, *values: Any) -> Rows:
        return self.connection.execute(query.encode(), values or None).fetchall()

    def roll_back(self, target: str = "") -> None:
        # Past psycopg, which would forget its prepared statements at the sight of it.
        done = self.connection.pgconn.exec_(f"ROLLBACK {target}".encode())
        assert done.status == psycopg.pq.ExecStatus.COMMAND_OK, done.error_message

    @contextmanager
    def refused(self, error: type[psycopg.Error]) -> Iterator[None]:
        """Expects the block to fail, and takes back what it did."""
        self.connection.execute("SAVEPOINT attempt")
        with pytest.raises(error):
            yield
        self.roll_back("TO SAVEPOINT attempt")

    @property
    def tickets(self) -> Rows:
        """What the superuser says that this client must see."""
        return self.life.world.tickets[self.sees] if self.sees else []

    def committed(self) -> dict[UUID, str]:
        """Returns what the superuser says its own zones are called."""
        query = "SELECT tenant_id, name FROM ticketing.zones WHERE id = ANY(%s)"
        zones = [home.zones[self.number] for home in self.life.world.homes]
        with self.life.world.database.connect() as connection:
            return dict(connection.execute(query, [zones]).fetchall())

    def check(self) -> str | None:
        """Compares what it committed with what the superuser sees."""
        found = self.committed()
        return None if found == self.names else f"seed {self.life.seed}: {found} != {self.names}"

    # How a transaction begins: each returns whose tickets it sees.

    def as_service(self) -> tuple[UUID, UUID | None] | None:
        self.rows("SELECT ticketing.set_tenant_context(%s)", self.home.tenant)
        return self.home.tenant, None

    def as_customer(self) -> tuple[UUID, UUID | None] | None:
        self.rows(
            "SELECT ticketing.set_tenant_context(%s, %s, 'user')", self.home.tenant, self.user
        )
        return self.home.tenant, self.user

    def by_hand(self) -> tuple[UUID, UUID | None] | None:
        self.rows("SELECT set_config('app.current_tenant_id', %s, TRUE)", str(self.home.tenant))
        return self.home.tenant, None

    def customer_by_hand(self) -> tuple[UUID, UUID | None] | None:
        self.rows(
            "SELECT set_config('app.current_tenant_id', %s, TRUE),"
            " set_config('app.current_user_id', %s, TRUE),"
            " set_config('app.current_user_role', 'user', TRUE)",
            str(self.home.tenant),
            str(self.user),
        )
        return self.home.tenant, self.user

    def forgets(self) -> tuple[UUID, UUID | None] | None:
        return None

    # What it does.

    def read(self) -> None:
        assert self.connection.execute(READ, prepare=True).fetchall() == self.tickets

    def read_some(self) -> None:
        some = self.random.sample(self.life.world.every_ticket, 20)
        expected = [row for row in self.tickets if row[1] in some]
        assert self.connection.execute(READ_SOME, [some], prepare=True).fetchall() == expected

    def read_with_a_cursor(self) -> None:
        with self.connection.cursor(f"c{self.number}") as cursor:
            cursor.execute(READ)
            got = cursor.fetchmany(2)
            self.read()
            got += cursor.fetchall()
        assert got == self.tickets

    def copy(self) -> None:
        with (
            self.connection.cursor() as cursor,
            cursor.copy("COPY (SELECT id FROM ticketing.tickets) TO STDOUT") as copy,
        ):
            got = sorted(UUID(row[0]) for row in copy.rows())
        assert got == [row[1] for row in self.tickets]

    def write(self) -> None:
        self.serial += 1
        name = f"zone {self.number} written {self.serial}"
        zone = self.home.zones[self.number]
        changed = self.connection.execute(RENAME, [name, zone], prepare=True).rowcount
        assert changed == (1 if self.sees else 0)
        if self.sees:
            self.written = name
            assert self.rows("SELECT name FROM ticketing.zones WHERE id = %s", zone) == [(name,)]

    def write_to_another(self) -> None:
        other = self.another()
        changed = self.connection.execute(RENAME, ["stolen", other.zones[self.number]])
        assert changed.rowcount == 0
        with self.refused(errors.InsufficientPrivilege):
            self.connection.execute(
                "INSERT INTO ticketing.zones (tenant_id, event_id, name, capacity)"
                " VALUES (%s, %s, 'foisted', 1)",
                [other.tenant, other.event],
            )

    def take_back(self) -> None:
        """A savepoint with another tenant's context inside, and back."""
        other = self.another()
        written = self.written
        self.connection.execute("SAVEPOINT before")
        self.write()
        self.rows("SELECT ticketing.clear_tenant_context()")
        assert self.rows(READ) == []
        self.rows("SELECT ticketing.set_tenant_context(%s)", other.tenant)
        expected = self.life.world.tickets[other.tenant, None]
        assert self.connection.execute(READ, prepare=True).fetchall() == expected
        self.roll_back("TO SAVEPOINT before")
        self.written = written
        self.read()

    def break_a_rule(self) -> None:
        """A unique violation, inside a savepoint or not."""
        query = (
            "INSERT INTO ticketing.zones (tenant_id, event_id, name, capacity)"
            " SELECT tenant_id, event_id, name, 1 FROM ticketing.zones WHERE id = %s"
        )
        values = [self.home.zones[self.number]]
        if self.sees is None:
            assert self.connection.execute(query, values).rowcount == 0
        elif self.random.random() < 0.5:
            with self.refused(errors.UniqueViolation):
                self.connection.execute(query, values)
        else:
            self.fail(errors.UniqueViolation, query, *values)

    def divide_by_zero(self) -> None:
        self.fail(errors.DivisionByZero, "SELECT 1 / (count(*) - count(*)) FROM ticketing.tickets")

    def take_too_long(self) -> None:
        self.connection.execute("SET LOCAL statement_timeout = '5ms'")
        self.fail(errors.QueryCanceled, "SELECT pg_sleep(10)")

    def fail(self, error: type[psycopg.Error], query: str, *values: Any) -> None:
        with pytest.raises(error):
            self.rows(query, *values)
        with pytest.raises(errors.InFailedSqlTransaction):
            self.rows(READ)
        self.roll_back()
        raise Over

    def vanish(self) -> None:
        """The client is gone without a goodbye."""
        self.write()
        hang_up(self.connection)
        self.connection = self.connect()
        raise Over

    def lose_the_server(self) -> None:
        """The server process is ended under the transaction."""
        self.write()
        with self.life.world.database.connect() as connection:
            connection.execute("SELECT pg_terminate_backend(%s)", [self.pid])
        with pytest.raises(psycopg.OperationalError):
            self.rows(READ)
        self.connection.close()
        self.connection = self.connect()
        raise Over

    def another(self) -> Home:
        return self.random.choice([h for h in self.life.world.homes if h is not self.home])


BEGINNINGS: dict[str, Callable[[Client], tuple[UUID, UUID | None] | None]] = {
    "as a service": Client.as_service,
    "as a customer": Client.as_customer,
    "by hand": Client.by_hand,
    "as a customer by hand": Client.customer_by_hand,
    "forgets": Client.forgets,
}
# How often each is done. The last two end the server session too, which others need to live long
# enough for plans to be kept.
ACTS = {
    Client.read: 20,
    Client.read_some: 20,
    Client.write: 20,
    Client.read_with_a_cursor: 8,
    Client.copy: 8,
    Client.write_to_another: 8,
    Client.take_back: 8,
    Client.break_a_rule: 4,
    Client.divide_by_zero: 4,
    Client.take_too_long: 4,
    Client.vanish: 1,
    Client.lose_the_server: 1,
}


def documented() -> dict[str, str]:
    """Returns the configuration that the docs show to services."""
    text = DOCS.read_text(encoding="utf-8")
    shown = ConfigParser()
    shown.read_string(text.partition("```ini\n")[2].partition("```")[0])
    return dict(shown["pgbouncer"])


def test_every_answer_of_a_random_life_is_the_tenants_own(server: Server, world: World) -> None:
    settings = documented()
    assert settings["pool_mode"] == "transaction"
    assert int(settings["max_prepared_statements"]) > 0
    with pgbouncer(server, pool_size=POOL_SIZE, settings={**LIMITS, **settings}) as bouncer:
        life = Life(world, bouncer, seed=Random().randrange(1_000_000))
        life.live(CLIENTS, TRANSACTIONS)

        # The clients did share the server sessions, and the prepared statements on them.
        assert set(life.done) == {act.__name__ for act in ACTS}
        assert sum(len(tenants) >= TENANTS / 2 for tenants in life.served.values()) >= POOL_SIZE
        states = [row["state"] for row in bouncer.show("SERVERS") if row["user"] == APP]
        assert 0 < len(states) <= POOL_SIZE
        prepared = set()
        with several(bouncer, world, POOL_SIZE) as clients:
            for client in clients:
                client.execute("BEGIN")  # and keep the server session, so that the next has another
                prepared |= set(client.execute(PLANNED).fetchall())
        assert prepared >= {(READ,), (READ_SOME.replace("%s", "$1"),)}
    with world.database.connect() as connection:
        assert oracle(connection, world.homes) == world.tickets


def test_it_goes_on_when_the_pooler_resets_every_time(server: Server, world: World) -> None:
    settings = {**LIMITS, **documented(), "server_reset_query_always": "1"}
    with pgbouncer(server, pool_size=POOL_SIZE, settings=settings) as bouncer:
        life = Life(world, bouncer, seed=Random().randrange(1_000_000))
        life.live(8, 10)


# What would go wrong; without a defect this life is as clean as the longer one above.
DEFECTS = {
    "none": ("current_tenant_id", ("", "")),
    "the context outlives its transaction": (
        "set_tenant_context",
        ("p_tenant_id::text, TRUE)", "p_tenant_id::text, FALSE)"),
    ),
    "the user outlives the transaction": (
        "set_tenant_context",
        ("'app.current_user_id', v_user, TRUE)", "'app.current_user_id', v_user, FALSE)"),
    ),
    "the helper remembers the tenant": (
        "current_tenant_id",
        (
            "BEGIN",
            """BEGIN
            IF coalesce(current_setting('memory.tenant', TRUE), '') <> '' THEN
                RETURN current_setting('memory.tenant')::uuid;
            END IF;
            PERFORM set_config('memory.tenant', v_tenant, FALSE);""",
        ),
    ),
    "the helper is folded into the plan": ("current_tenant_id", ("STABLE", "IMMUTABLE")),
}


@pytest.mark.parametrize("defect", DEFECTS)
def test_the_random_life_notices(server: Server, template: Database, defect: str) -> None:
    function, (sound, broken) = DEFECTS[defect]
    with databases.database(server, template.name) as made:
        world = populate(made, clients=8)
        with made.connect() as connection:
            query = "SELECT pg_get_functiondef(oid) FROM pg_proc WHERE proname = %s"
            (text,) = connection.execute(query, [function]).fetchone() or ("",)
            assert sound in text
            connection.execute(text.replace(sound, broken, 1).encode())
        with pgbouncer(server, pool_size=2, settings=LIMITS) as bouncer:
            life = Life(world, bouncer, seed=1)
            if defect == "none":
                life.live(8, 10)
            else:
                with pytest.raises(AssertionError, match="seed 1, client"):
                    life.live(8, 10)


# One server session for all clients ---------------------------------------------------------------

VALUE = "SELECT current_setting('app.current_tenant_id', TRUE)"
BACKEND = "SELECT pg_backend_pid()"
SET = "SET app.current_tenant_id = '{}'"


@pytest.fixture(scope="module")
def single(server: Server) -> Iterator[PgBouncer]:
    with pgbouncer(server, pool_size=1, settings=LIMITS) as running:
        yield running


@dataclass
class Pair:
    """Two clients that share a server session."""

    one: Session
    two: Session

    @property
    def both(self) -> tuple[Session, Session]:
        return self.one, self.two


@contextmanager
def pair(bouncer: PgBouncer, world: World) -> Iterator[Pair]:
    """Yields two clients of one server session, which is a new one."""
    with (
        bouncer.connect(world.database.name, APP) as first,
        bouncer.connect(world.database.name, APP) as second,
        world.database.connect() as superuser,
    ):
        one, two = Session(first), Session(second)
        superuser.execute(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
            " WHERE usename = %s AND datname = current_database()",
            [APP],
        )
        # The pooler may notice the loss only when it uses the session.
        for session in (one, two):
            with suppress(psycopg.OperationalError):
                session.value(BACKEND)
        yield Pair(one, two)


@pytest.fixture
def clients(single: PgBouncer, world: World) -> Iterator[Pair]:
    with pair(single, world) as made:
        assert made.one.value(BACKEND) == made.two.value(BACKEND)
        yield made


def sees(session: Session) -> set[UUID]:
    """Returns the tenants whose tickets a client sees."""
    return {row["tenant_id"] for row in session.all(READ)}


def test_a_new_server_session_has_no_context(clients: Pair) -> None:
    assert clients.one.value(VALUE) is None
    assert sees(clients.one) == set()


LOCAL = {
    "SET LOCAL": "SET LOCAL app.current_tenant_id = '{}'",
    "set_config": "SELECT set_config('app.current_tenant_id', '{}', TRUE)",
    "set_tenant_context": "SELECT ticketing.set_tenant_context('{}')",
}


@pytest.mark.parametrize("way", LOCAL)
def test_a_context_ends_with_its_transaction(clients: Pair, world: World, way: str) -> None:
    for ending in ("COMMIT", "ROLLBACK"):
        for sooner, later in (clients.both, clients.both[::-1]):
            sooner.run("BEGIN")
            sooner.all(LOCAL[way].format(world.homes[0].tenant))
            assert sees(sooner) == {world.homes[0].tenant}
            sooner.run(ending)
            assert later.value(VALUE) == ""
            assert sees(later) == set()
    # The server never brings NULL back, and '' is as good.
    for reset in ("RESET app.current_tenant_id", "RESET ALL", "DISCARD ALL"):
        clients.one.run(reset)
        assert clients.two.value(VALUE) == ""
        assert sees(clients.two) == set()


def test_a_context_of_one_statement_is_gone_with_it(clients: Pair, world: World) -> None:
    home = world.homes[0]
    with warnings_of(clients.one) as warned:
        clients.one.run(f"SET LOCAL app.current_tenant_id = '{home.tenant}'")
    assert warned == ["25P01"]
    clients.one.all("SELECT ticketing.set_tenant_context(%s)", home.tenant)
    for session in clients.both:
        assert session.value(VALUE) == ""
        assert sees(session) == set()


@contextmanager
def warnings_of(session: Session) -> Iterator[list[str | None]]:
    told: list[str | None] = []

    def note(diagnostic: Diagnostic) -> None:
        told.append(diagnostic.sqlstate)

    session.connection.add_notice_handler(note)
    yield told
    session.connection.remove_notice_handler(note)


def test_a_savepoint_takes_a_context_back(clients: Pair, world: World) -> None:
    a, b = (home.tenant for home in world.homes[:2])
    one = clients.one
    with one.connection.transaction():
        one.all("SELECT ticketing.set_tenant_context(%s)", a)
        one.run("SAVEPOINT s")
        one.run(f"SET LOCAL app.current_tenant_id = '{b}'")
        assert sees(one) == {b}
        one.run("ROLLBACK TO SAVEPOINT s")
        assert sees(one) == {a}
    assert sees(clients.two) == set()


def test_a_session_setting_that_is_rolled_back_is_gone(clients: Pair, world: World) -> None:
    clients.one.run("BEGIN")
    clients.one.run(SET.format(world.homes[0].tenant))
    clients.one.run("ROLLBACK")
    assert clients.two.value(VALUE) == ""
    assert sees(clients.two) == set()


def test_what_a_careless_client_sets_for_the_session_stays_for_the_next(
    clients: Pair, world: World
) -> None:
    """What the docs warn of; those who call set_tenant_context() notice and see nothing of it."""
    a, b = world.homes[:2]
    careless, two = clients.both
    careless.run(SET.format(a.tenant))
    careless.run("SET app.actor_type = 'admin'")
    # Who forgets the context has the tenant of somebody else.
    assert sees(two) == {a.tenant}
    with two.connection.transaction(force_rollback=True), two.refused("TK703"):
        two.all("SELECT ticketing.set_tenant_context(%s)", b.tenant)
    with two.connection.transaction():
        two.all("SELECT ticketing.clear_tenant_context()")
        two.all("SELECT ticketing.set_tenant_context(%s)", b.tenant)
        assert sees(two) == {b.tenant}
        assert two.value("SELECT current_setting('app.actor_type')") == ""
    # It was hidden, not taken away.
    assert sees(two) == {a.tenant}
    careless.run("RESET app.current_tenant_id")
    assert sees(two) == set()


def test_the_first_call_empties_what_else_was_left(clients: Pair, world: World) -> None:
    a = world.homes[0]
    careless, two = clients.both
    left = {
        "app.actor_type": "admin",
        "app.status_change_reason": "left",
        "app.status_change_source": "left",
    }
    for name, value in left.items():
        careless.run(f"SET {name} = '{value}'")
    with two.connection.transaction():
        two.all("SELECT ticketing.set_tenant_context(%s)", a.tenant)
        for name in left:
            assert two.value("SELECT current_setting(%s)", name) == "", name
    # Another user or role is no less a mistake than another tenant.
    for name, value in (
        ("app.current_user_id", str(a.users[0])),
        ("app.current_user_role", "admin"),
    ):
        careless.run(f"SET {name} = '{value}'")
        with two.connection.transaction(force_rollback=True), two.refused("TK703"):
            two.all("SELECT ticketing.set_tenant_context(%s, %s, 'user')", a.tenant, a.users[1])
        careless.run(f"RESET {name}")


RESETS = {
    "never, by default": ({}, True),
    "not in transaction mode": ({"server_reset_query": "DISCARD ALL"}, True),
    "always": ({"server_reset_query_always": "1"}, False),
    "always, but of something else": (
        {"server_reset_query": "SELECT 1", "server_reset_query_always": "1"},
        True,
    ),
}


@pytest.mark.parametrize("reset", RESETS)
def test_when_the_pooler_resets_a_session(server: Server, world: World, reset: str) -> None:
    settings, stays = RESETS[reset]
    tenant = world.homes[0].tenant
    with (
        pgbouncer(server, pool_size=1, settings={**LIMITS, **settings}) as bouncer,
        pair(bouncer, world) as clients,
    ):
        clients.one.run(SET.format(tenant))
        clients.one.run("CREATE TEMPORARY TABLE left_behind ()")
        assert sees(clients.two) == ({tenant} if stays else set())
        found = clients.two.value("SELECT to_regclass('pg_temp.left_behind') IS NOT NULL")
        assert found is stays


def test_session_mode_resets_between_clients(server: Server, world: World) -> None:
    tenant = world.homes[0].tenant
    with pgbouncer(server, pool_mode="session", pool_size=1, settings=LIMITS) as bouncer:
        pids = []
        for _ in range(2):
            with bouncer.connect(world.database.name, APP) as connection:
                session = Session(connection)
                pids.append(session.value(BACKEND))
                assert sees(session) == set()
                session.run(SET.format(tenant))
                assert sees(session) == {tenant}
        assert len(set(pids)) == 1


def test_a_startup_option_sets_no_context(server: Server, single: PgBouncer, world: World) -> None:
    option = f"-c app.current_tenant_id={world.homes[0].tenant}"
    name = world.database.name
    with pytest.raises(psycopg.OperationalError, match="unsupported startup parameter"):
        psycopg.connect(single.url(name, APP), options=option)
    ignoring = {**LIMITS, "ignore_startup_parameters": "options"}
    with (
        pgbouncer(server, settings=ignoring) as bouncer,
        psycopg.connect(bouncer.url(name, APP), options=option, autocommit=True) as connection,
    ):
        assert sees(Session(connection)) == set()
    # Straight to the server it does, and survives what would reset it.
    with psycopg.connect(world.database.url(APP), options=option, autocommit=True) as connection:
        session = Session(connection)
        for reset in ("SELECT 1", "RESET ALL", "DISCARD ALL"):
            session.run(reset)
            assert sees(session) == {world.homes[0].tenant}


def test_a_login_cannot_give_its_sessions_a_context(clients: Pair, world: World) -> None:
    tenant, database = world.homes[0].tenant, world.database.name
    for owner in (f"ROLE {APP}", f"DATABASE {database}"):
        with clients.one.connection.transaction(), clients.one.refused("42501"):
            clients.one.run(f"ALTER {owner} SET app.current_tenant_id = '{tenant}'")


def test_the_right_to_set_a_context_cannot_be_taken_away(world: World) -> None:
    """SET on a variable that no module declares is everybody's, whatever was revoked."""
    with psycopg.connect(world.database.superuser_url) as connection:
        session = Session(connection)
        session.run(f"REVOKE SET ON PARAMETER app.current_tenant_id FROM PUBLIC, {APP}")
        with session.logged_in(APP):
            session.run(f"SET LOCAL app.current_tenant_id = '{world.homes[0].tenant}'")
            assert sees(session) == {world.homes[0].tenant}
        connection.rollback()


# What a session keeps besides settings ------------------------------------------------------------


@pytest.mark.parametrize(
    "keep",
    [
        f"DECLARE kept CURSOR WITH HOLD FOR {READ}",
        f"CREATE TEMPORARY TABLE kept ON COMMIT PRESERVE ROWS AS {READ}",
    ],
    ids=["a cursor WITH HOLD", "a temporary table"],
)
def test_what_a_client_leaves_in_the_session_is_read_by_the_next(
    clients: Pair, world: World, keep: str
) -> None:
    """No policy looks at it again. The docs warn of both."""
    a, b = (home.tenant for home in world.homes[:2])
    fetch = "FETCH ALL FROM kept" if "CURSOR" in keep else "SELECT tenant_id FROM pg_temp.kept"
    with clients.one.connection.transaction():
        clients.one.all("SELECT ticketing.set_tenant_context(%s)", a)
        clients.one.run(keep)
    with clients.two.connection.transaction():
        clients.two.all("SELECT ticketing.set_tenant_context(%s)", b)
        assert {row["tenant_id"] for row in clients.two.all(fetch)} == {a}
    clients.two.run("DISCARD ALL")
    text = DOCS.read_text(encoding="utf-8")
    assert "WITH HOLD" in text
    assert "temporary tables" in text


def test_a_cursor_keeps_the_tenant_that_opened_it(clients: Pair, world: World) -> None:
    a, b = (home.tenant for home in world.homes[:2])
    with clients.one.connection.transaction():
        clients.one.all("SELECT ticketing.set_tenant_context(%s)", a)
        clients.one.run(f"DECLARE mine CURSOR FOR {READ}")
        rows = clients.one.all("FETCH 2 FROM mine")
        clients.one.all("SELECT ticketing.clear_tenant_context()")
        clients.one.all("SELECT ticketing.set_tenant_context(%s)", b)
        rows += clients.one.all("FETCH ALL FROM mine")
        assert [tuple(row.values()) for row in rows] == world.tickets[a, None]


def test_a_lock_of_the_session_keeps_nobody_out(clients: Pair) -> None:
    """And stays when its client is gone: only locks of transactions work here."""
    take = "SELECT pg_try_advisory_lock(1)"
    assert clients.one.value(take)
    assert clients.two.value(take)
    clients.one.connection.close()
    assert clients.two.value("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'") == 1
    clients.two.all("SELECT pg_advisory_unlock_all()")


# Customers ----------------------------------------------------------------------------------------


def test_user_and_role_are_gone_with_the_transaction(clients: Pair, world: World) -> None:
    home = world.homes[0]
    one, two = clients.both
    for role in ("user", "admin"):
        for ending in ("COMMIT", "ROLLBACK"):
            one.run("BEGIN")
            one.all(
                "SELECT ticketing.set_tenant_context(%s, %s, %s)", home.tenant, home.users[0], role
            )
            mine = home.users[0] if role == "user" else None
            seen = [tuple(row.values()) for row in one.all(READ)]
            assert seen == world.tickets[home.tenant, mine]
            one.run(ending)

            _, *left = two.one(LEFT).values()
            assert left == [""] * len(left)
            for user in (None, home.users[1]):
                with two.connection.transaction():
                    two.all("SELECT ticketing.set_tenant_context(%s, %s)", home.tenant, user)
                    seen = [tuple(row.values()) for row in two.all(READ)]
                    assert seen == world.tickets[home.tenant, user]


# Races --------------------------------------------------------------------------------------------


PLACES = "SELECT outcome FROM ticketing.create_hold(%s, %s, 1, %s)"
ACQUIRE = """
    SELECT outcome FROM ticketing.acquire_idempotency_key(
        %s, %s, 'POST /orders', repeat('ab', 32), %s
    )
"""


@pytest.fixture
def zone(world: World) -> tuple[Home, UUID]:
    """A tenant of a test's own choosing, and a zone of it with one place."""
    home = world.homes[0]
    with psycopg.connect(world.database.superuser_url) as connection:
        made = Make(Session(connection)).id("zones", home.tenant, event_id=home.event, capacity=1)
    return home, made


@pytest.fixture(scope="module")
def bouncer(server: Server) -> Iterator[PgBouncer]:
    with pgbouncer(server, pool_size=POOL_SIZE, settings=LIMITS) as running:
        yield running


def at_once(
    callers: list[psycopg.Connection], home: Home, act: Callable[[Session, int], Any]
) -> list[Any]:
    """Returns what each got in a transaction of the tenant: a result, or the code of an error."""
    barrier = threading.Barrier(len(callers))

    def call(number: int) -> Any:
        session = Session(callers[number])
        barrier.wait()
        try:
            with session.connection.transaction():
                session.all("SELECT ticketing.set_tenant_context(%s)", home.tenant)
                return act(session, number)
        except psycopg.Error as error:
            return error.sqlstate

    with ThreadPoolExecutor(len(callers)) as pool:
        return list(pool.map(call, range(len(callers))))


def test_the_last_place_goes_to_one(
    bouncer: PgBouncer, world: World, zone: tuple[Home, UUID]
) -> None:
    home, place = zone

    def hold(session: Session, number: int) -> Any:
        return session.value(PLACES, home.event, place, f"race {number}")

    with several(bouncer, world, 8) as callers:
        got = at_once(callers, home, hold)
    assert sorted(got) == ["TK121"] * 7 + ["created"]


def test_a_key_goes_to_one(bouncer: PgBouncer, world: World) -> None:
    home = world.homes[0]

    def acquire(session: Session, number: int) -> Any:
        return session.value(ACQUIRE, home.tenant, "race", f"worker {number}")

    with several(bouncer, world, 8) as callers:
        got = at_once(callers, home, acquire)
    assert (got.count("acquired"), len(set(got))) == (1, 2), got


def test_what_a_client_held_is_free_when_it_is_gone(
    bouncer: PgBouncer, world: World, zone: tuple[Home, UUID]
) -> None:
    home, place = zone
    lock = "SELECT pg_advisory_xact_lock(7)"
    with several(bouncer, world, 2) as (dying, heir):
        dead, alive = Session(dying), Session(heir)
        dead.run("BEGIN")
        dead.all("SELECT ticketing.set_tenant_context(%s)", home.tenant)
        assert dead.value(PLACES, home.event, place, "dying") == "created"
        assert dead.value(ACQUIRE, home.tenant, "dying", "dying") == "acquired"
        dead.all(lock)
        with heir.transaction(force_rollback=True):
            assert alive.value("SELECT pg_try_advisory_xact_lock(7)") is False
        hang_up(dying)

        # The pooler ends the server session, and with it the transaction and its locks.
        with heir.transaction():
            alive.all("SELECT ticketing.set_tenant_context(%s)", home.tenant)
            alive.all(lock)
            assert alive.value(PLACES, home.event, place, "heir") == "created"
            assert alive.value(ACQUIRE, home.tenant, "dying", "heir") == "acquired"
