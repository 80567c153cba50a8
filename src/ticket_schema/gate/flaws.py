"""What the queries in `gate/catalog` find in a schema.

Each is one SELECT that returns the schema, kind and name of an object, as the catalog of
`ticket_schema.catalog` names them, what is wrong with it, and perhaps how much that weighs and what
mends it. They read what `common.sql` makes.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files

import psycopg

from ticket_schema.gate.finding import Severity

_COMMON = "common"


@dataclass(frozen=True)
class Flaw:
    """One thing that is wrong with one object; equal to another that says the same.

    Args:
        query: name of the query, which is the rule's.
        schema: of the object.
        kind: what it is, such as `table`.
        name: without its schema, such as `orders.orders_total_check`.
        detail: what is wrong with it.
        severity: what it weighs; the rule's own when it is None.
        mend: SQL; empty when the rule knows better.
    """

    query: str
    schema: str
    kind: str
    name: str
    detail: str
    severity: Severity | None = field(default=None, compare=False)
    mend: str = field(default="", compare=False)


def look(admin: psycopg.Connection) -> tuple[Flaw, ...]:
    """Returns what all queries find; nothing is written.

    Args:
        admin: a superuser's connection in autocommit mode.
    """
    found: list[Flaw] = []
    with admin.transaction(force_rollback=True):
        # Expressions are printed with the names that the search path does not resolve.
        admin.execute("SET LOCAL search_path = pg_catalog")
        admin.execute("SET LOCAL client_min_messages = error")
        admin.execute(_queries()[_COMMON].encode())
        for name, query in _queries().items():
            if name == _COMMON:
                continue
            cursor = admin.cursor(row_factory=psycopg.rows.dict_row)
            for row in cursor.execute(query.encode()):
                weighs = row.pop("severity", None)
                found.append(Flaw(query=name, severity=weighs and Severity(weighs), **row))
    return tuple(found)


def names() -> tuple[str, ...]:
    """Returns the names of the queries."""
    return tuple(name for name in _queries() if name != _COMMON)


@cache
def _queries() -> dict[str, str]:
    folder = files("ticket_schema.gate").joinpath("catalog")
    return {
        file.name.removesuffix(".sql"): file.read_text(encoding="utf-8")
        for file in sorted(folder.iterdir(), key=lambda one: one.name)
        if file.name.endswith(".sql")
    }
