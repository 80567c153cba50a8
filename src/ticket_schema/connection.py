"""Where the database is, and how to reach it.

Connection strings are handed to libpq as they are, so every form it knows works: URLs, key=value
pairs, sockets, several hosts, a service file.
"""

from __future__ import annotations

import os
import re
from typing import Any

import psycopg
import sqlalchemy as sa
from psycopg.conninfo import conninfo_to_dict
from sqlalchemy.pool import NullPool

from ticket_schema.errors import Exit, TicketSchemaError, redact

URL_VARIABLES = ("TICKET_SCHEMA_URL", "DATABASE_URL")
APPLICATION_NAME = "ticket-schema"

_CONNECT_SECONDS = 10
_SQLALCHEMY_DRIVER = re.compile(r"^postgres(?:ql)?\+\w+://")


def find_url(given: str | None = None) -> str:
    """Returns the connection string to use.

    Args:
        given: what the caller named, if anything; else TICKET_SCHEMA_URL, then DATABASE_URL count.

    Raises:
        TicketSchemaError: nothing names a database.
    """
    for candidate in (given, *(os.environ.get(name) for name in URL_VARIABLES)):
        if candidate:
            return _SQLALCHEMY_DRIVER.sub("postgresql://", candidate)
    raise TicketSchemaError(
        "No database is named.",
        hint="Give --url, or set TICKET_SCHEMA_URL or DATABASE_URL.",
        exit_code=Exit.USAGE,
    )


def connect(url: str) -> psycopg.Connection:
    """Opens a connection in autocommit mode.

    Args:
        url: any connection string of libpq.

    Raises:
        TicketSchemaError: the string is malformed, or the server is not there or refuses the login.
    """
    try:
        given = conninfo_to_dict(url)
    except psycopg.ProgrammingError:
        # What libpq says of it repeats parts of the string, and any part may be the password.
        raise TicketSchemaError(
            "The connection string is malformed.",
            hint="Use postgresql://user:password@host:5432/database, with special characters of the"
            " password percent-encoded.",
            exit_code=Exit.USAGE,
        ) from None
    more: dict[str, Any] = {"fallback_application_name": APPLICATION_NAME}
    if "connect_timeout" not in given and "PGCONNECT_TIMEOUT" not in os.environ:
        more["connect_timeout"] = _CONNECT_SECONDS
    try:
        return psycopg.connect(url, autocommit=True, **more)
    except psycopg.OperationalError as error:
        raise TicketSchemaError(
            f"The database cannot be reached: {_answer(error)}.",
            hint="Check host, port, database, user and password, and that the server is running.",
            exit_code=Exit.UNREACHABLE,
        ) from None


def as_engine(connection: psycopg.Connection) -> sa.Engine:
    """Returns an engine whose only connection is the given one.

    Args:
        connection: an open connection outside a transaction; closed with the engine's.
    """
    return sa.create_engine("postgresql+psycopg://", creator=lambda: connection, poolclass=NullPool)


def _answer(error: BaseException) -> str:
    """Returns what the server, or the last one tried, had to say."""
    lines = [line.strip(" -\t") for line in str(error).splitlines() if line.strip()]
    answers = [line for line in lines if "FATAL:" in line or " failed: " in line]
    line = (answers or lines or [type(error).__name__])[-1]
    return redact(line).rstrip(".")
