"""Fixtures: one server a run, one migrated template, and the actors of the schema."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path
from uuid import UUID

import psycopg
import pytest

from support import databases, servers
from support.databases import Database
from support.factories import Make
from support.servers import Server
from support.session import Session
from ticket_schema import embedded
from ticket_schema.embedded import Embedded

SERVER = pytest.StashKey[Server]()

Acting = Callable[..., AbstractContextManager[Session]]


def _started(config: pytest.Config) -> Server:
    if SERVER not in config.stash:
        config.stash[SERVER] = servers.start()
    return config.stash[SERVER]


def pytest_report_header(config: pytest.Config) -> str:
    if config.option.collectonly:
        return "server: not started"
    if os.environ.get("TICKET_SCHEMA_TEST_PROVIDER") == "url" and config.getoption("tx", None):
        raise pytest.UsageError("one server cannot serve several processes: make test JOBS=0")
    server = _started(config)
    return f"server: PostgreSQL {server.version} ({server.provider})"


def pytest_unconfigure(config: pytest.Config) -> None:
    if SERVER in config.stash:
        config.stash[SERVER].stop()


@pytest.fixture(scope="session")
def server(pytestconfig: pytest.Config) -> Server:
    """The server of this run, with the test logins."""
    server = _started(pytestconfig)
    databases.prepare_cluster(server)
    return server


@pytest.fixture(scope="session")
def template(server: Server) -> Iterator[Database]:
    """A database at head, migrated by a role that is neither superuser nor BYPASSRLS."""
    with databases.database(server) as made:
        databases.migrate(made)
        databases.join_groups(server)
        yield made


@pytest.fixture
def empty(server: Server) -> Iterator[Database]:
    """A new database without the schema."""
    with databases.database(server) as made:
        yield made


@pytest.fixture
def clone(server: Server, template: Database) -> Iterator[Database]:
    """A database at head of the test's own, for what must commit or race."""
    with databases.database(server, template.name) as made:
        yield made


@pytest.fixture(scope="session")
def shared(server: Server, template: Database) -> Iterator[Database]:
    """A database at head in which nothing is ever committed."""
    with databases.database(server, template.name) as made:
        yield made


@pytest.fixture(scope="session")
def fresh_cluster() -> Iterator[Embedded]:
    """An embedded server without our roles, for what a whole cluster must lack or have.

    Whoever makes them there takes them out again: databases.drop_groups.
    """
    # Not pytest's own folder: another run of pytest closes that to the server's user.
    with tempfile.TemporaryDirectory(prefix="ticket-schema-cluster-") as folder:
        yield embedded.start(Path(folder) / "pg")
        embedded.stop(Path(folder) / "pg")


@pytest.fixture
def db(shared: Database) -> Iterator[Session]:
    """A session whose transaction is rolled back; it is the superuser until it acts."""
    with psycopg.connect(shared.superuser_url) as connection:
        yield Session(connection)
        connection.rollback()


@pytest.fixture
def make(db: Session) -> Make:
    """Makes rows in the session of the test."""
    return Make(db)


@pytest.fixture
def tenant(make: Make) -> UUID:
    """The tenant that the test is about."""
    return make.tenant()


@pytest.fixture
def other_tenant(make: Make) -> UUID:
    """Another tenant, whose rows must stay out of reach."""
    return make.tenant()


@pytest.fixture
def as_tenant(db: Session) -> Acting:
    """Acts as a service of a tenant: ticketing_app with the tenant set and no user."""

    def acting(tenant: UUID, **said: str) -> AbstractContextManager[Session]:
        return db.acting("ticketing_app", tenant=tenant, **said)

    return acting


@pytest.fixture
def as_user(db: Session) -> Acting:
    """Acts as one user of a tenant: `as_user(tenant, user, user_role="user")`."""

    def acting(
        tenant: UUID, user: UUID, user_role: str = "user", **said: str
    ) -> AbstractContextManager[Session]:
        return db.acting("ticketing_app", tenant=tenant, user=user, user_role=user_role, **said)

    return acting


@pytest.fixture
def as_worker(db: Session) -> Acting:
    """Acts as a background job; it has a tenant only when it names one."""
    return partial(db.acting, "ticketing_worker")


@pytest.fixture
def as_readonly(db: Session) -> Callable[[UUID], AbstractContextManager[Session]]:
    """Acts as a reader of one tenant."""
    return lambda tenant: db.acting("ticketing_readonly", tenant=tenant)


@pytest.fixture
def as_nobody(db: Session) -> Acting:
    """Acts as a login that was granted nothing."""
    return partial(db.acting, "ts_test_nobody")
