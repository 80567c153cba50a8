"""Databases made from one migrated template, and the logins that use them."""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import psycopg
from psycopg import sql

import ticket_schema

from .servers import Server

MIGRATOR = "ts_test_migrator"
PASSWORD = "ts-test-secret"
# login -> group role it is a member of
LOGINS = {
    "ts_test_app": "ticketing_app",
    "ts_test_worker": "ticketing_worker",
    "ts_test_readonly": "ticketing_readonly",
    "ts_test_nobody": None,
}

_numbers = itertools.count(1)


@dataclass(frozen=True)
class Database:
    """One database of the test server."""

    server: Server
    name: str

    @property
    def superuser_url(self) -> str:
        return self.server.conninfo(dbname=self.name)

    @property
    def migrator_url(self) -> str:
        return self.url(MIGRATOR)

    def url(self, login: str) -> str:
        """Returns the connection string of a login."""
        return self.server.conninfo(dbname=self.name, user=login, password=PASSWORD)

    def connect(self, login: str | None = None) -> psycopg.Connection:
        """Returns a connection of a login in autocommit mode, of the superuser without one."""
        url = self.url(login) if login else self.superuser_url
        return psycopg.connect(url, autocommit=True)


def prepare_cluster(server: Server) -> None:
    """Makes the logins: the migrator may create roles and databases, and is nothing more."""
    with psycopg.connect(server.url, autocommit=True) as connection:
        for login in (MIGRATOR, *LOGINS):
            rights = "CREATEROLE CREATEDB" if login == MIGRATOR else ""
            row = connection.execute(
                "SELECT 1 FROM pg_roles WHERE rolname = %s", [login]
            ).fetchone()
            if row is None:
                connection.execute(
                    sql.SQL(f"CREATE ROLE {{}} LOGIN {rights} PASSWORD {{}}").format(
                        sql.Identifier(login), sql.Literal(PASSWORD)
                    )
                )


def join_groups(server: Server) -> None:
    """Makes each login a member of its group role, once a migration has made the groups."""
    with psycopg.connect(server.url, autocommit=True) as connection:
        for login, group in LOGINS.items():
            if group is not None:
                connection.execute(
                    sql.SQL("GRANT {} TO {}").format(sql.Identifier(group), sql.Identifier(login))
                )


def drop_groups(connection: psycopg.Connection) -> None:
    """Takes the groups of the schema out of a cluster that has no database of it any more."""
    for role in ("ticketing_owner", *filter(None, LOGINS.values())):
        connection.execute(sql.SQL("DROP ROLE IF EXISTS {}").format(sql.Identifier(role)))


@contextmanager
def database(
    server: Server, template: str | None = None, *, owner: str = MIGRATOR
) -> Iterator[Database]:
    """Yields a new database, a copy of a template or empty, and drops it afterwards."""
    name = f"ts_test_{os.getpid()}_{next(_numbers)}"
    with psycopg.connect(server.url, autocommit=True) as connection:
        connection.execute(
            sql.SQL("CREATE DATABASE {} TEMPLATE {} OWNER {}").format(
                sql.Identifier(name),
                sql.Identifier(template or "template0"),
                sql.Identifier(owner),
            )
        )
    try:
        yield Database(server, name)
    finally:
        with psycopg.connect(server.url, autocommit=True) as connection:
            connection.execute(
                sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name))
            )


def migrate(target: Database) -> None:
    """Brings a database to head as the migrator, who is neither superuser nor BYPASSRLS.

    `TICKET_SCHEMA_TEST_MIGRATOR=superuser` lets a superuser do it, as many pipelines do; the
    schema must be the same and so must be what the tests see.
    """
    who = os.environ.get("TICKET_SCHEMA_TEST_MIGRATOR", "migrator")
    if who not in ("migrator", "superuser"):
        raise ValueError(f"TICKET_SCHEMA_TEST_MIGRATOR is {who!r}, not migrator or superuser")
    if who == "migrator":
        ticket_schema.upgrade(target.migrator_url, progress=lambda _: None)
        return
    ticket_schema.upgrade(target.superuser_url, progress=lambda _: None)
    with target.connect() as connection:
        connection.execute(sql.SQL("GRANT ticketing_owner TO {}").format(sql.Identifier(MIGRATOR)))
