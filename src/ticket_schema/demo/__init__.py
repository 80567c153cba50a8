"""Two tenants to look at, a festival and a theatre, and a day at the festival, scene by scene."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.resources import files

import psycopg
from psycopg import sql

from ticket_schema.errors import TicketSchemaError

TENANTS = ("northlight", "harbour")
SCENE = re.compile(r"^-- (ticketing_\w+): (.+)\n", re.MULTILINE)


@dataclass(frozen=True)
class Scene:
    """Something that happened on the day at the festival.

    Args:
        title: what it is about.
        outcome: how it ended, in numbers that the database gave.
    """

    title: str
    outcome: str


def load(connection: psycopg.Connection, *, beside_others: bool = False) -> list[Scene] | None:
    """Loads the demo tenants, through the roles and functions that a service would use.

    Args:
        connection: a login that may act as ticketing_worker and ticketing_app, in autocommit mode,
            to a database at head.
        beside_others: whether to load them although the database holds other tenants.

    Returns:
        The scenes of the day; None when the demo tenants are there already.

    Raises:
        TicketSchemaError: the database holds other tenants, or the login may not act as the roles.
    """
    with connection.transaction():
        connection.execute("SELECT pg_advisory_xact_lock(hashtext('ticketing.demo'))")
        with _acting_as(connection, "ticketing_worker"):
            present = {slug for (slug,) in connection.execute("SELECT slug FROM ticketing.tenants")}
            if set(TENANTS) <= present:
                return None
            if present and not beside_others:
                raise TicketSchemaError(
                    f"The database holds {len(present)} other tenants.",
                    hint="Load the demo into a database of its own, or add --beside-others.",
                )
            connection.execute(_text("replicas.sql"))
        with _acting_as(connection, "ticketing_app"):
            for slug in TENANTS:
                _work_for(connection, slug)
                connection.execute(_text("sales.sql"))
        return [*_play(connection)]


def _play(connection: psycopg.Connection) -> Iterator[Scene]:
    """Runs the scenes of the day, each in its role."""
    _, *parts = SCENE.split(_text("day.sql").decode())
    for role, title, script in zip(parts[::3], parts[1::3], parts[2::3], strict=True):
        with _acting_as(connection, role):
            _work_for(connection, TENANTS[0])
            cursor = connection.execute(script.encode())
            while cursor.nextset():
                pass
            ((outcome,),) = cursor.fetchall()
        yield Scene(title, outcome)


def _work_for(connection: psycopg.Connection, slug: str) -> None:
    connection.execute(
        "SELECT set_config('app.current_tenant_id', md5('demo ' || %s)::uuid::text, TRUE)", [slug]
    )


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
