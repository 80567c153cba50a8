"""The schema at head, read once from an embedded server: the pages are pinned to its version."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest
from alembic import command
from psycopg.conninfo import make_conninfo

from ticket_schema import alembic_config
from ticket_schema.docs import build, history, snapshot
from ticket_schema.docs.history import History, Locks
from ticket_schema.docs.model import Source
from ticket_schema.docs.snapshot import Snapshot
from ticket_schema.gate.scratch import Scratch, scratch

DOCS = Path(__file__).parents[2] / "docs"


@pytest.fixture(scope="session")
def pinned() -> Iterator[Scratch]:
    """An embedded server, whatever the provider is."""
    with scratch() as server:
        yield server


@pytest.fixture(scope="session")
def head_database(pinned: Scratch) -> Iterator[str]:
    """The name of a database at head on that server, in which nothing is ever committed."""
    with pinned.database() as name:
        url = pinned.url(name).render_as_string(hide_password=False)
        command.upgrade(alembic_config(url, progress=lambda _: None), "head")
        yield name


@pytest.fixture(scope="session")
def head_url(pinned: Scratch, head_database: str) -> str:
    """A superuser's connection string to it."""
    return make_conninfo(pinned.admin_url, dbname=head_database)


@pytest.fixture
def at_head(pinned: Scratch, head_database: str) -> Iterator[psycopg.Connection]:
    """A superuser's connection to it, in a transaction that is rolled back."""
    with (
        pinned.connect(head_database) as connection,
        connection.transaction(force_rollback=True),
    ):
        yield connection


@pytest.fixture(scope="session")
def head(pinned: Scratch, head_database: str) -> Snapshot:
    """The snapshot of head."""
    with pinned.connect(head_database) as connection:
        return snapshot.read(connection)


@pytest.fixture(scope="session")
def source(head: Snapshot) -> Source:
    """What the committed pages of head are made from."""
    return build.source(head, DOCS / "schema")


@pytest.fixture(scope="session")
def walked(pinned: Scratch) -> tuple[History, Locks]:
    """What the revisions did, seen while they run; it takes its time."""
    return history.walk(server=pinned)


@pytest.fixture(scope="session")
def rendered(source: Source) -> dict[str, str]:
    """Every generated file of head, from its path to its text."""
    return build.render(source)


@pytest.fixture
def database(pinned: Scratch) -> Iterator[psycopg.Connection]:
    """A superuser's connection, in autocommit mode, to an empty database."""
    with pinned.database() as name, pinned.connect(name) as connection:
        yield connection


@pytest.fixture
def foreign(database: psycopg.Connection) -> Callable[[str], Source]:
    """Makes a schema `shop` out of statements and returns what its pages are made from."""

    def make(statements: str) -> Source:
        database.execute("CREATE SCHEMA IF NOT EXISTS shop")
        database.execute("SET search_path = shop")
        database.execute(statements.encode())
        return Source(snapshot.read(database, "shop"))

    return make
