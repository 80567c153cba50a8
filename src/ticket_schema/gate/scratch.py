"""A server on which anything may be tried, and databases there that a plain role migrates."""

from __future__ import annotations

import secrets
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import psycopg
import sqlalchemy as sa
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from ticket_schema import embedded
from ticket_schema.connection import connect
from ticket_schema.errors import TicketSchemaError

# Rows are few here and many in production: a plan that could use an index shall use it, and all
# that is read is read by the one backend that is watched.
_SETTINGS = {
    "enable_seqscan": "off",
    "jit": "off",
    "max_parallel_maintenance_workers": "0",
    "max_parallel_workers_per_gather": "0",
    "synchronous_commit": "off",
}


# What the role that migrates is.
PLAIN = "which owns the database, may make roles, and is neither superuser nor BYPASSRLS"


@dataclass(frozen=True)
class Scratch:
    """A server for trying things out.

    Args:
        admin_url: connection string of a superuser, to any database.
        login: the role that migrates; neither superuser nor BYPASSRLS.
        password: of that role.
    """

    admin_url: str
    login: str
    password: str

    def connect(self, database: str) -> psycopg.Connection:
        """Returns a superuser's connection in autocommit mode.

        Args:
            database: where to.
        """
        given = conninfo_to_dict(self.admin_url)
        return connect(make_conninfo("", **{**given, "dbname": database}))

    def url(self, database: str, driver: str = "postgresql") -> sa.URL:
        """Returns where the migrating role connects to.

        Args:
            database: where to.
            driver: name of the dialect and driver, as SQLAlchemy writes it.
        """
        given = conninfo_to_dict(self.admin_url)
        host = str(given.get("host") or given.get("hostaddr") or "")
        port = given.get("port")
        query = {"host": host} if host.startswith("/") else {}
        if query and port:
            query["port"] = str(port)
        return sa.URL.create(
            driver,
            username=self.login,
            password=self.password,
            host=None if query else host or None,
            port=int(port) if port and not query else None,
            database=database,
            query=query,
        )

    @contextmanager
    def database(self, template: str = "template0") -> Iterator[str]:
        """Yields the name of a new database that the migrating role owns, and drops it afterwards.

        Args:
            template: what it is a copy of; nobody may be connected to it.
        """
        name = f"{self.login}_{secrets.token_hex(4)}"
        with self.connect("postgres") as connection:
            connection.execute(
                sql.SQL("CREATE DATABASE {} TEMPLATE {} OWNER {}").format(
                    sql.Identifier(name), sql.Identifier(template), sql.Identifier(self.login)
                )
            )
            for setting, value in _SETTINGS.items():
                connection.execute(
                    sql.SQL("ALTER DATABASE {} SET {} = {}").format(
                        sql.Identifier(name), sql.Identifier(setting), sql.Literal(value)
                    )
                )
        try:
            yield name
        finally:
            with self.connect("postgres") as connection:
                connection.execute(
                    sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name))
                )

    def disconnect(self, database: str) -> None:
        """Ends every session of a database, so that it can be copied.

        Args:
            database: which one.
        """
        with self.connect("postgres") as connection:
            connection.execute(
                "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = %s",
                [database],
            )


@contextmanager
def scratch(url: str | None = None) -> Iterator[Scratch]:
    """Yields a scratch server, with a role of its own that migrates there.

    Args:
        url: connection string of a superuser of a server where databases and roles may be made;
            without it an embedded server lives as long as the block.

    Raises:
        TicketSchemaError: the server cannot be reached or started, or the login is no superuser.
    """
    if url is not None:
        with _prepared(url) as made:
            yield made
        return
    # Not below a folder of pytest or of a user: the server runs as a user of its own.
    folder = Path(tempfile.mkdtemp(prefix="ticket-schema-gate-"))
    try:
        server = embedded.start(folder / "pg")
        with connect(server.url("postgres")) as connection:
            connection.execute("ALTER SYSTEM SET fsync = off")
            connection.execute("SELECT pg_reload_conf()")
        with _prepared(server.url("postgres")) as made:
            yield made
    finally:
        with suppress(TicketSchemaError):
            embedded.stop(folder / "pg")
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _prepared(url: str) -> Iterator[Scratch]:
    made = Scratch(url, f"gate_{secrets.token_hex(3)}", secrets.token_hex(16))
    with connect(url) as connection:
        row = connection.execute(
            "SELECT rolsuper FROM pg_roles WHERE rolname = current_user"
        ).fetchone()
        if row is None or not row[0]:
            raise TicketSchemaError(
                "The scratch server needs a superuser: rows are made past triggers.",
                hint="Give --url the superuser of a server that holds nothing else, or leave it"
                " out for an embedded one.",
            )
        connection.execute(
            sql.SQL(
                "CREATE ROLE {} LOGIN CREATEROLE CREATEDB NOSUPERUSER NOBYPASSRLS PASSWORD {}"
            ).format(sql.Identifier(made.login), sql.Literal(made.password))
        )
        # Where the roles of this package stand already, who migrates must be a member.
        ours = connection.execute("SELECT 1 FROM pg_roles WHERE rolname = 'ticketing_owner'")
        if ours.fetchone():
            connection.execute(
                sql.SQL("GRANT ticketing_owner TO {}").format(sql.Identifier(made.login))
            )
    try:
        yield made
    finally:
        with connect(url) as connection, suppress(psycopg.Error):
            # Roles that the revisions made stay: other databases may use them.
            connection.execute(sql.SQL("DROP OWNED BY {}").format(sql.Identifier(made.login)))
            connection.execute(sql.SQL("DROP ROLE {}").format(sql.Identifier(made.login)))
