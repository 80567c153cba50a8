"""Which triggers the tables have: by their files before there is a database, and by the catalog."""

from __future__ import annotations

import re
from functools import cache

from ticket_schema import steps

from .session import Session

TRIGGER = re.compile(
    r"^CREATE (?:CONSTRAINT )?TRIGGER \w+\s[^;]*?\bON ticketing\.(\w+)\s"
    r"[^;]*?\bEXECUTE FUNCTION ticketing\.(\w+)\(",
    re.MULTILINE,
)


@cache
def functions() -> dict[str, frozenset[str]]:
    """Returns the functions that the triggers of each table run, as the stamped files have them."""
    found: dict[str, set[str]] = {}
    for step, revisions in steps.stamps().items():
        for revision in revisions if step.startswith("triggers/") else ():
            for table, function in TRIGGER.findall(steps.read(step, revision)):
                found.setdefault(table, set()).add(function)
    return {table: frozenset(run) for table, run in found.items()}


def tables_running(function: str) -> list[str]:
    """Returns the tables with a trigger that runs a function.

    A module test_every_… that calls this covers that trigger of every table, so that none needs a
    module of its own for it (tests/conventions/test_parallel_trees.py).
    """
    return sorted(table for table, run in functions().items() if function in run)


def with_two_owners() -> set[str]:
    """Returns the tables that are changed here and by messages of an owner elsewhere.

    Two triggers divide their versions, so that they are neither plain copies nor plainly counted,
    and their own test modules cover them.
    """
    return {
        table
        for table, run in functions().items()
        if {"raise_row_version", "ignore_stale_version"} <= run
    }


def attached(db: Session, function: str) -> list[str]:
    """Returns the tables with an enabled trigger that runs a function, as the catalog has them."""
    rows = db.all(
        """
        SELECT DISTINCT c.relname AS name
        FROM pg_trigger AS t
        INNER JOIN pg_class AS c ON t.tgrelid = c.oid
        INNER JOIN pg_proc AS p ON t.tgfoid = p.oid
        WHERE c.relnamespace = 'ticketing'::regnamespace AND p.proname = %s AND t.tgenabled = 'O'
        """,
        function,
    )
    return sorted(row["name"] for row in rows)


def in_order(db: Session, table: str, *events: str) -> list[tuple[str, ...]]:
    """Returns timing, event, level and name of the triggers of a table, in the order they fire.

    Args:
        db: a session that owns the table.
        table: its name.
        events: INSERT, UPDATE, DELETE; all of them unless told otherwise.
    """
    rows = db.all(
        """
        SELECT action_timing, event_manipulation, action_orientation, trigger_name
        FROM information_schema.triggers
        WHERE
            event_object_schema = 'ticketing'
            AND event_object_table = %s
            AND event_manipulation = ANY (%s)
        ORDER BY action_timing DESC, event_manipulation, action_order
        """,
        *(table, list(events or ("INSERT", "UPDATE", "DELETE"))),
    )
    return [tuple(row.values()) for row in rows]


def columns(db: Session, table: str) -> list[str]:
    """Returns the columns of a table."""
    rows = db.all(
        """
        SELECT quote_ident(attname) AS name FROM pg_attribute
        WHERE attrelid = %s::regclass AND attnum > 0 AND NOT attisdropped ORDER BY attnum
        """,
        f"ticketing.{table}",
    )
    return [row["name"] for row in rows]


def writable(db: Session, table: str, role: str) -> list[str]:
    """Returns the columns of a table that a role may update."""
    rows = db.all(
        """
        SELECT quote_ident(attname) AS name FROM pg_attribute
        WHERE
            attrelid = %s::regclass AND attnum > 0 AND NOT attisdropped
            AND has_column_privilege(%s, attrelid, attnum, 'UPDATE')
        ORDER BY attnum
        """,
        *(f"ticketing.{table}", role),
    )
    return [row["name"] for row in rows]
