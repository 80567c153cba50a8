"""No migration goes through a proxy that shares server sessions, here a real PgBouncer."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest
import sqlalchemy as sa
from alembic import command
from sqlalchemy.pool import NullPool

import ticket_schema
from support import databases
from support.command import Outcome, run, state
from support.databases import MIGRATOR, Database
from support.pgbouncer import PgBouncer, pgbouncer
from support.projects import Project
from support.servers import Server
from ticket_schema import TicketSchemaError, alembic_config, preflight
from ticket_schema.connection import connect

REFUSED = "error: The connection goes through a transaction-pooling proxy."
MEND = "hint:  Migrate over a direct connection, or a session-pooled port."
NOTHING: tuple[str, list[str]] = ("{}\n", [])


@pytest.fixture(scope="module")
def bouncer(server: Server) -> Iterator[PgBouncer]:
    with pgbouncer(server) as running:
        yield running


@pytest.fixture(scope="module")
def halfway(server: Server) -> Iterator[Database]:
    """A database in which there is something to upgrade, to take back and to stamp."""
    with databases.database(server) as made:
        ticket_schema.upgrade(made.migrator_url, "0000", progress=lambda _: None)
        yield made


COMMANDS = {
    "upgrade": ("upgrade", "0001"),
    "downgrade": ("downgrade", "base"),
    "stamp": ("stamp", "0001"),
}


@pytest.mark.parametrize("name", COMMANDS)
def test_the_command_refuses_and_changes_nothing(
    bouncer: PgBouncer, halfway: Database, name: str
) -> None:
    before = state(halfway)
    done = run(*COMMANDS[name], url=bouncer.url(halfway.name, MIGRATOR))
    assert done.refusal(1) == f"{REFUSED}\n{MEND}"
    assert state(halfway) == before


def test_the_same_commands_are_taken_over_a_direct_connection(empty: Database) -> None:
    seen = [state(empty)]
    for arguments in (("upgrade", "0000"), *reversed(COMMANDS.values())):
        assert run(*arguments, url=empty.migrator_url).code == 0
        assert state(empty) not in seen[-1:]
        seen.append(state(empty))
        if arguments[0] == "stamp":
            assert run("stamp", "0000", url=empty.migrator_url).code == 0


def test_plain_alembic_refuses_as_well(
    bouncer: PgBouncer, halfway: Database, tmp_path: Path
) -> None:
    project = Project(tmp_path)
    before = state(halfway)
    url = bouncer.url(halfway.name, MIGRATOR)
    running = [project.start(*arguments, url=url) for arguments in COMMANDS.values()]
    for process, (said, _) in [(process, process.communicate(timeout=60)) for process in running]:
        assert process.returncode == 255, said
        assert REFUSED.removeprefix("error: ") in said
        assert MEND.removeprefix("hint:  ") in said
    assert state(halfway) == before


def test_a_connection_that_is_handed_over_is_refused(bouncer: PgBouncer, halfway: Database) -> None:
    before = state(halfway)
    url = bouncer.url(halfway.name, MIGRATOR)
    engine = sa.create_engine(
        "postgresql+psycopg://", creator=lambda: psycopg.connect(url), poolclass=NullPool
    )
    config = alembic_config(progress=lambda _: None)
    with engine.connect() as connection:
        connection.rollback()
        config.attributes["connection"] = connection
        with pytest.raises(TicketSchemaError, match="transaction-pooling proxy"):
            command.upgrade(config, "head")
    assert state(halfway) == before


@pytest.mark.parametrize("name", ["current", "status"])
def test_what_only_reads_goes_through(bouncer: PgBouncer, halfway: Database, name: str) -> None:
    done = run(name, "--json", url=bouncer.url(halfway.name, MIGRATOR))
    assert (done.code, done.document["revision"]) == (0, "0000"), done


def test_status_warns(bouncer: PgBouncer, halfway: Database) -> None:
    def finding(url: str) -> dict[str, str]:
        (found,) = (
            finding
            for finding in run("status", "--json", url=url).document["findings"]
            if finding["check"] == "connection"
        )
        return {**found}

    found = finding(bouncer.url(halfway.name, MIGRATOR))
    assert (found["level"], f"error: {found['detail']}") == ("warning", REFUSED)
    assert f"hint:  {found['remedy']}" == MEND
    assert finding(halfway.migrator_url)["level"] == "good"


# Which poolers are recognised ---------------------------------------------------------------------


def upgraded(server: Server, target: Database, mode: str, size: int, **settings: str) -> Outcome:
    with pgbouncer(server, pool_mode=mode, pool_size=size, settings=settings) as bouncer:
        return run("upgrade", "0000", url=bouncer.url(target.name, MIGRATOR))


@pytest.mark.parametrize(
    "settings",
    [{}, {"server_round_robin": "1"}, {"server_reset_query_always": "1"}],
    ids=["as it comes", "in turn", "reset"],
)
def test_a_single_server_session_and_several_are_noticed(
    server: Server, empty: Database, settings: dict[str, str]
) -> None:
    for size in (1, 4):
        refused = upgraded(server, empty, "transaction", size, **settings)
        assert refused.refusal(1).startswith(REFUSED)
    assert state(empty) == NOTHING


def test_a_proxy_that_pools_statements_is_refused(server: Server, empty: Database) -> None:
    said = upgraded(server, empty, "statement", 3).refusal(1)
    assert said == f"{REFUSED.replace('transaction', 'statement')}\n{MEND}"
    assert state(empty) == NOTHING


@pytest.mark.parametrize("size", [1, 3])
def test_a_session_pool_will_do(server: Server, empty: Database, size: int) -> None:
    # With a size of 1 the connection that is opened to compare waits in vain.
    assert upgraded(server, empty, "session", size).code == 0
    assert state(empty)[1] == ["0000"]
    with empty.connect() as connection:
        assert not connection.execute(
            "SELECT FROM pg_locks WHERE locktype = 'advisory'"
            " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
        ).fetchall()


BUSY = {
    "quick": (3, 12, "SELECT 1"),
    "slower than the pool": (2, 6, "SELECT pg_sleep(0.01)"),
    # The only session is in use for longer than the comparison waits.
    "some that keep it": (1, 2, "SELECT pg_sleep(0.3)"),
}


@pytest.mark.parametrize("load", BUSY)
def test_other_clients_do_not_hide_the_pooler(
    server: Server, halfway: Database, load: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    size, clients, query = BUSY[load]
    monkeypatch.setattr(preflight, "_POOL_PROBE_SECONDS", 0.2)
    over = threading.Event()

    def work(bouncer: PgBouncer) -> Callable[[], None]:
        def repeat() -> None:
            with bouncer.connect(halfway.name, MIGRATOR) as connection:
                while not over.is_set():
                    connection.execute(query.encode())

        return repeat

    with pgbouncer(server, pool_size=size) as bouncer:
        threads = [threading.Thread(target=work(bouncer)) for _ in range(clients)]
        for thread in threads:
            thread.start()
        try:
            for _ in range(3):
                with (
                    connect(bouncer.url(halfway.name, MIGRATOR)) as connection,
                    pytest.raises(TicketSchemaError, match="transaction-pooling"),
                ):
                    preflight.connection_is_direct(connection)
        finally:
            over.set()
            for thread in threads:
                thread.join()
