"""A server on which anything may be tried, and databases there that a plain role migrates."""

from __future__ import annotations

import secrets
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import sqlalchemy as sa
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from ticket_schema import embedded
from ticket_schema.connection import connect
from ticket_schema.errors import TicketSchemaError
from ticket_schema.gate.trace import PATIENCE_MS

# Rows are few here and many in production: a plan that could use an index shall use it, and all
# that is read is read by the one backend that is watched.
_SETTINGS = {
    "enable_seqscan": "off",
    "jit": "off",
    # An env.py with two connections may wait for itself; nobody else is there to wait for.
    "lock_timeout": f"{PATIENCE_MS}ms",
    "max_parallel_maintenance_workers": "0",
    "max_parallel_workers_per_gather": "0",
    "synchronous_commit": "off",
}

_PORT = 5432
_CONTAINER_SECONDS = 60


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
def scratch(url: str | None = None, image: str | None = None) -> Iterator[Scratch]:
    """Yields a scratch server, with a role of its own that migrates there.

    Args:
        url: connection string of a superuser of a server where databases and roles may be made.
        image: of a container that lives as long as the block, when there is no `url`; without
            either an embedded server does.

    Raises:
        TicketSchemaError: the server cannot be reached or started, or the login is no superuser.
    """
    if url is not None:
        with _prepared(url) as made:
            yield made
        return
    if image is not None:
        with _container(image) as address, _prepared(address) as made:
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
def _container(image: str) -> Iterator[str]:
    """Yields the connection string of a superuser of a container."""
    try:
        from docker.errors import DockerException  # noqa: PLC0415 - an optional extra
        from testcontainers.core.config import (  # noqa: PLC0415 - the same
            testcontainers_config as config,
        )
        from testcontainers.core.container import DockerContainer  # noqa: PLC0415 - the same
    except ImportError as error:
        raise TicketSchemaError(
            "A container as scratch server needs testcontainers.",
            hint="Run: pip install 'ticket-schema[container]', or leave out --image for an"
            " embedded server.",
        ) from error
    password = secrets.token_hex(16)
    reaped = config.ryuk_disabled
    # It would be one image more to pull, to remove what is removed below.
    config.ryuk_disabled = True
    try:
        # To make it asks the engine already.
        container = DockerContainer(image, env={"POSTGRES_PASSWORD": password})
        container.with_exposed_ports(_PORT).with_command("postgres -c fsync=off")
    except DockerException as error:
        config.ryuk_disabled = reaped
        raise TicketSchemaError(
            "No container engine answers.",
            hint="Start Docker, name its socket in DOCKER_HOST, or leave out --image for an"
            " embedded server.",
        ) from error
    try:
        yield _started(container, image, password)
    finally:
        config.ryuk_disabled = reaped
        # One that is gone, or an engine that is, must not hide why.
        with suppress(Exception):
            container.stop()


def _started(container: Any, image: str, password: str) -> str:
    """Starts a container and returns its superuser's connection string when it answers."""
    from docker.errors import DockerException  # noqa: PLC0415 - it is there by now

    deadline = time.monotonic() + _CONTAINER_SECONDS
    why = "no PostgreSQL answers in it"
    try:
        container.start()
        inner = container.get_wrapped_container()
        while time.monotonic() < deadline:
            inner.reload()
            if inner.status == "exited":
                why = inner.logs(tail=1).decode("utf-8", "replace").strip() or "it ends at once"
                break
            # One that has just ended has no port any more; the next look says that it has.
            with suppress(psycopg.OperationalError, ConnectionError):
                url = make_conninfo(
                    host=container.get_container_host_ip(),
                    port=container.get_exposed_port(_PORT),
                    user="postgres",
                    password=password,
                    dbname="postgres",
                )
                psycopg.connect(url, connect_timeout=5).close()
                return url
            time.sleep(0.1)
    except DockerException as error:
        raise _no_container(image, str(getattr(error, "explanation", error))) from error
    except (TimeoutError, ConnectionError) as error:
        raise _no_container(image, "it ends at once") from error
    raise _no_container(image, why)


def _no_container(image: str, why: str) -> TicketSchemaError:
    return TicketSchemaError(
        f"A container of {image} does not start: {' '.join(why.split()).rstrip('.')}.",
        hint="Give --image an image of PostgreSQL that the engine has or can pull, such as"
        " postgres:17.",
    )


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
