"""Two tenants to look at: a festival and a theatre, with sales, transfers, refunds and a door."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from importlib.resources import files

import psycopg
from psycopg import sql

from ticket_schema.errors import TicketSchemaError

TENANTS = ("northlight", "harbour")


def load(connection: psycopg.Connection, *, beside_others: bool = False) -> bool:
    """Loads the demo tenants, through the roles and functions that a service would use.

    Args:
        connection: a login that may act as ticketing_worker and ticketing_app, in autocommit mode,
            to a database at head.
        beside_others: whether to load them although the database holds other tenants.

    Returns:
        Whether anything was loaded; False when the demo tenants are there already.

    Raises:
        TicketSchemaError: the database holds other tenants, or the login may not act as the roles.
    """
    with connection.transaction():
        connection.execute("SELECT pg_advisory_xact_lock(hashtext('ticketing.demo'))")
        with _acting_as(connection, "ticketing_worker"):
            present = {slug for (slug,) in connection.execute("SELECT slug FROM ticketing.tenants")}
            if set(TENANTS) <= present:
                return False
            if present and not beside_others:
                raise TicketSchemaError(
                    f"The database holds {len(present)} other tenants.",
                    hint="Load the demo into a database of its own, or add --beside-others.",
                )
            connection.execute(_text("replicas.sql"))
        with _acting_as(connection, "ticketing_app"):
            for slug in TENANTS:
                connection.execute(
                    "SELECT set_config('app.current_tenant_id', md5('demo ' || %s)::uuid::text,"
                    " TRUE)",
                    [slug],
                )
                connection.execute(_text("sales.sql"))
    return True


@contextmanager
def _acting_as(connection: psycopg.Connection, role: str) -> Iterator[None]:
    login = connection.info.user
    try:
        connection.execute(sql.SQL("SET LOCAL ROLE {}").format(sql.Identifier(role)))
    except psycopg.errors.InsufficientPrivilege as error:
        raise TicketSchemaError(
            f"Role {login} may not act as {role}.",
            hint=f"Run as a DBA: GRANT {role} TO {login}.",
        ) from error
    yield
    connection.execute("SET LOCAL ROLE NONE")


def _text(name: str) -> bytes:
    return files("ticket_schema.demo").joinpath(name).read_bytes()
