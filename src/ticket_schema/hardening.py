"""Switches between the plain and the signed context.

The hardening is not a revision: a database at any revision that knows it has it on or off. On means
that the functions which policies and other functions believe have the form of `sql/hardening`, all
of them. `ticketing.context_is_signed()` is one of them, so the database says itself what it has.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Literal

import psycopg

from ticket_schema import preflight, runner, steps
from ticket_schema.errors import Exit, TicketSchemaError

Level = Literal["plain", "signed"]


class Hardening(StrEnum):
    """What can be switched on."""

    SIGNED_CONTEXT = "signed-context"


def level(connection: psycopg.Connection) -> Level | None:
    """Returns what a database believes, None where there is no choice.

    Args:
        connection: any login that may use the schema.
    """
    known = "SELECT to_regprocedure('ticketing.context_is_signed()') IS NOT NULL"
    if not preflight.scalar(connection, known):
        return None
    return (
        "signed"
        if preflight.scalar(connection, "SELECT ticketing.context_is_signed()")
        else "plain"
    )


def script(revision: str, wanted: Level) -> str:
    """Returns the SQL that brings a database at a revision to a level, whatever it has.

    Args:
        revision: where the database stands, 0022 or later; the script refuses another one.
        wanted: the level.
    """
    forms = steps.signed_forms(revision)
    if wanted == "signed":
        texts = ["SELECT ticketing.require_context_key();", *forms.values()]
    else:
        texts = [steps.read_at(f"functions/{name}", revision) for name in forms]
    start = [
        "SET LOCAL ROLE ticketing_owner;",
        "SET LOCAL search_path = pg_catalog, pg_temp;",
        steps.guard_start(revision),
    ]
    return "\n\n".join(text.strip() for text in (*start, *texts)) + "\n"


def switch(connection: psycopg.Connection, wanted: Level) -> bool:
    """Brings a database to a level in one transaction, and says whether it had another.

    Args:
        connection: a login that may act as the owner, in autocommit mode.
        wanted: the level.

    Raises:
        TicketSchemaError: the database knows no signed context, a migration is running, or the
            login may not act as the owner.
        psycopg.Error: TK718, no key is valid.
    """
    with connection.transaction():
        before = level(connection)
        if before is None:
            raise TicketSchemaError(
                "The database knows no signed context.", hint="Run: ticket-schema upgrade."
            )
        # The runner's own lock: functions that both replace would fail one of them.
        if not preflight.scalar(
            connection, "SELECT pg_try_advisory_xact_lock(%s)", runner.RUNNER_LOCK
        ):
            raise TicketSchemaError(
                "A migration is running.",
                hint="Let it finish, then try again.",
                exit_code=Exit.TIMED_OUT,
            )
        preflight.become_owner(connection)
        connection.execute("RESET ROLE")
        revision = preflight.scalar(connection, "SELECT version_num FROM ticketing.alembic_version")
        connection.execute(script(str(revision), wanted).encode())
    return before != wanted
