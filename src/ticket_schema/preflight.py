"""What must hold before a migration touches a database.

Every check either returns or raises a `TicketSchemaError` that names the mend. None of them writes.
"""

from __future__ import annotations

import random
import selectors
import time
from contextlib import closing
from typing import LiteralString

import psycopg
from psycopg import sql
from psycopg.conninfo import make_conninfo

from ticket_schema.connection import connect
from ticket_schema.errors import TicketSchemaError
from ticket_schema.steps import SCHEMA

OWNER = "ticketing_owner"
GROUPS = ("ticketing_app", "ticketing_worker", "ticketing_readonly")
OLDEST_SERVER = 150000

# Among other busy clients, one round misses a shared session about three times in ten. The pauses
# keep it from always meeting the same turn of clients that come round in order.
_POOL_PROBE_ROUNDS = 10
_POOL_PROBE_PAUSE_SECONDS = 0.02
_POOL_PROBE_GRACE_SECONDS = 0.2
_POOL_PROBE_SECONDS = 2.0


def server_can_be_migrated(connection: psycopg.Connection) -> None:
    """Refuses servers that are too old, and sessions that cannot write.

    Args:
        connection: in autocommit mode.
    """
    version = connection.info.server_version
    if version < OLDEST_SERVER:
        raise TicketSchemaError(
            f"The server is PostgreSQL {version // 10000}.",
            hint="The schema needs PostgreSQL 15 or later.",
        )
    if scalar(connection, "SELECT pg_is_in_recovery()"):
        raise TicketSchemaError(
            "The server is a standby and takes no writes.",
            hint="Connect to the primary.",
        )
    if scalar(connection, "SELECT current_setting('default_transaction_read_only')::boolean"):
        raise TicketSchemaError(
            "The session is read-only (default_transaction_read_only is on).",
            hint="Connect as the role that migrates.",
        )


def connection_is_direct(connection: psycopg.Connection) -> None:
    """Refuses a transaction-pooling proxy, where locks and settings of a session do not last.

    A proxy makes up the process id that the client is told at login. When it differs from the
    server's own, a second connection tells pooling a session (fine) from pooling a transaction:
    only in the latter do two clients share a server process.

    Args:
        connection: in autocommit mode.
    """
    if connection.info.backend_pid == _backend(connection):
        return
    again = make_conninfo(connection.info.dsn, password=connection.info.password)
    with closing(connect(again)) as other:
        for _ in range(_POOL_PROBE_ROUNDS):
            mine = _backend(connection)
            time.sleep(random.uniform(0, _POOL_PROBE_PAUSE_SECONDS))  # noqa: S311 - no secret
            _ask_backend(other)
            theirs = _answer_within(other, _POOL_PROBE_SECONDS)
            if theirs is None:
                # It waits for a server of its own, or for one that somebody else is using. Where
                # servers are shared, what is asked after it is answered after it.
                _backend(connection)
                theirs = _answer_within(other, _POOL_PROBE_GRACE_SECONDS)
                if theirs is None:
                    return
            if theirs == mine or _backend(connection) != mine:
                raise _transaction_pooled()


def transactions_are_possible(connection: psycopg.Connection) -> None:
    """Refuses a proxy that pools single statements, which takes no transaction at all.

    Args:
        connection: in autocommit mode.
    """
    try:
        with connection.transaction():
            pass
    except psycopg.errors.ProtocolViolation as error:
        raise TicketSchemaError(
            "The connection goes through a statement-pooling proxy.",
            hint="Migrate over a direct connection, or a session-pooled port.",
        ) from error


def roles_are_sound(connection: psycopg.Connection, *, may_create: bool) -> None:
    """Refuses roles that are missing and cannot be made, or that would defeat row level security.

    Args:
        connection: in autocommit mode.
        may_create: whether the run may create the roles that are missing.
    """
    known = {
        name: (superuser or bypass)
        for name, superuser, bypass in connection.execute(
            "SELECT rolname, rolsuper, rolbypassrls FROM pg_catalog.pg_roles"
            " WHERE rolname = ANY(%s)",
            [[OWNER, *GROUPS]],
        )
    }
    missing = [name for name in (OWNER, *GROUPS) if name not in known]
    statements = "; ".join(f"CREATE ROLE {name} NOLOGIN" for name in missing)
    if missing and not may_create:
        raise TicketSchemaError(
            f"These roles are missing: {', '.join(missing)}.",
            hint=f"Let a DBA run: {statements}.",
        )
    if missing and not scalar(
        connection,
        "SELECT rolcreaterole OR rolsuper FROM pg_catalog.pg_roles WHERE rolname = current_user",
    ):
        raise TicketSchemaError(
            f"Role {_login(connection)} may not create the missing roles {', '.join(missing)}.",
            hint=f"Grant it CREATEROLE, or let a DBA run: {statements}.",
        )
    for name, unfiltered in known.items():
        if unfiltered:
            raise TicketSchemaError(
                f"Role {name} is a superuser or bypasses row level security.",
                hint=f"Run as a superuser: ALTER ROLE {name} NOSUPERUSER NOBYPASSRLS.",
            )
    if OWNER not in known:
        return
    if scalar(connection, "SELECT rolcanlogin FROM pg_catalog.pg_roles WHERE rolname = %s", OWNER):
        raise TicketSchemaError(
            f"Role {OWNER} may log in, and owns everything.",
            hint=f"Run: ALTER ROLE {OWNER} NOLOGIN.",
        )
    for name in GROUPS:
        if name in known and scalar(
            connection, "SELECT pg_has_role(%s::name, %s::name, 'MEMBER')", name, OWNER
        ):
            raise TicketSchemaError(
                f"Role {name} is a member of {OWNER} and could switch the policies off.",
                hint=f"Run: REVOKE {OWNER} FROM {name}.",
            )


def schema_can_be_created(connection: psycopg.Connection) -> None:
    """Refuses a login that may not create the schema.

    Args:
        connection: in autocommit mode.
    """
    if scalar(connection, "SELECT to_regnamespace(%s) IS NOT NULL", SCHEMA):
        return
    if not scalar(connection, "SELECT has_database_privilege(current_database(), 'CREATE')"):
        login, database = _login(connection), scalar(connection, "SELECT current_database()")
        raise TicketSchemaError(
            f"Role {login} may not create a schema in database {database}.",
            hint=f"Run as the owner of the database: GRANT CREATE ON DATABASE {database} TO"
            f" {login}.",
        )


def become_owner(connection: psycopg.Connection) -> None:
    """Switches the session to the role that owns every object.

    Args:
        connection: in autocommit mode.
    """
    login = _login(connection)
    try:
        connection.execute(sql.SQL("SET ROLE {}").format(sql.Identifier(OWNER)))
    except (psycopg.errors.InsufficientPrivilege, psycopg.errors.InvalidParameterValue) as error:
        raise TicketSchemaError(
            f"Role {login} may not act as {OWNER}, which owns the schema.",
            hint=f"Run as a DBA: GRANT {OWNER} TO {login}.",
        ) from error


def version_is_readable(connection: psycopg.Connection) -> bool:
    """Returns whether the session may read the version row, or there is none to read.

    Args:
        connection: in autocommit mode.
    """
    row = connection.execute(
        "SELECT has_schema_privilege(n.oid, 'USAGE')"
        " AND coalesce(has_table_privilege(c.oid, 'SELECT'), TRUE)"
        " FROM pg_catalog.pg_namespace AS n"
        " LEFT JOIN pg_catalog.pg_class AS c"
        " ON c.relnamespace = n.oid AND c.relname = 'alembic_version'"
        " WHERE n.nspname = %s",
        [SCHEMA],
    ).fetchone()
    return row is None or bool(row[0])


def tables_without_version(connection: psycopg.Connection) -> list[str]:
    """Returns the tables of the schema, for a database that has no version row.

    Args:
        connection: in autocommit mode.
    """
    rows = connection.execute(
        "SELECT c.relname FROM pg_catalog.pg_class AS c"
        " WHERE c.relnamespace = to_regnamespace(%s) AND c.relkind IN ('r', 'p')"
        " AND c.relname <> 'alembic_version' ORDER BY c.relname",
        [SCHEMA],
    )
    return [name for (name,) in rows]


def _login(connection: psycopg.Connection) -> str:
    return str(scalar(connection, "SELECT session_user"))


def _backend(connection: psycopg.Connection) -> int:
    return int(str(scalar(connection, "SELECT pg_backend_pid()")))


def _ask_backend(connection: psycopg.Connection) -> None:
    """Asks for the process id of the server without waiting for the answer."""
    connection.pgconn.send_query(b"SELECT pg_catalog.pg_backend_pid()")
    connection.pgconn.flush()


def _answer_within(connection: psycopg.Connection, seconds: float) -> int | None:
    """Returns what was asked, None when no answer came in time; it may still come."""
    until = time.monotonic() + seconds
    with selectors.DefaultSelector() as selector:
        selector.register(connection.pgconn.socket, selectors.EVENT_READ)
        while connection.pgconn.is_busy():
            if not selector.select(max(0.0, until - time.monotonic())):
                return None
            connection.pgconn.consume_input()
    answer: int | None = None
    while (result := connection.pgconn.get_result()) is not None:
        answer = int(result.get_value(0, 0) or b"0")
    return answer


def _transaction_pooled() -> TicketSchemaError:
    return TicketSchemaError(
        "The connection goes through a transaction-pooling proxy.",
        hint="Migrate over a direct connection, or a session-pooled port.",
    )


def scalar(connection: psycopg.Connection, query: LiteralString, *values: object) -> object:
    """Returns the first value of the first row of a query, None without a row.

    Args:
        connection: any.
        query: with a placeholder for each value.
        values: what stands in their places.
    """
    row = connection.execute(query, values).fetchone()
    return row[0] if row else None
