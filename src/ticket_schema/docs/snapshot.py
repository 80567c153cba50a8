"""A schema as plain data: what the pages are made from, and what `docs check` compares."""

from __future__ import annotations

import json
import re
from importlib.resources import files
from typing import Any

import psycopg

from ticket_schema.catalog import Catalog, brought_by_extensions, read_catalog, without
from ticket_schema.errors import TicketSchemaError

FORMAT = 1

Facts = dict[str, Any]
Snapshot = dict[str, Any]
"""As written to `schema.json`:

`format`, `postgresql` (major version), `schema` and `head` (the revision, or None);
`objects`: what `ticket_schema.catalog.read_catalog` returns, kind by kind, name by name;
`structure`: the same objects taken apart, one part a file of `structure/`;
`transitions`: rows of the schema's table `state_transitions`, when it has one.
"""

_TRANSITIONS = """
SELECT entity, from_status, to_status, requires_reason, actor_types, description
FROM {}.state_transitions
ORDER BY entity, from_status, to_status
"""


def read(connection: psycopg.Connection, schema: str = "ticketing") -> Snapshot:
    """Returns a schema as plain data, equal for equal schemas of one PostgreSQL major version.

    Nothing in it depends on object ids, on time, on the contents of tables (but for the rules of
    the state machine, which are rows) or on the machine.

    Args:
        connection: a login that may read the system catalogs and, when there is one, the table
            `state_transitions`.
        schema: name of the schema.

    Raises:
        TicketSchemaError: there is no such schema.
    """
    brought = brought_by_extensions(connection).get(schema, set())
    objects = without(read_catalog(connection, schema), brought)
    if not objects:
        raise TicketSchemaError(
            f"The database has no schema {schema}.",
            hint="Name one that is there with --schema, or upgrade the database first.",
        )
    snapshot: Snapshot = {
        "format": FORMAT,
        "postgresql": connection.info.server_version // 10000,
        "schema": schema,
        "head": _head(connection, schema, objects),
        "objects": objects,
        "structure": {
            part: _kept(rows, brought) for part, rows in _structure(connection, schema).items()
        },
        "transitions": [],
    }
    if "state_transitions" in objects.get("table", {}):
        rows = connection.execute(
            psycopg.sql.SQL(_TRANSITIONS).format(psycopg.sql.Identifier(schema))
        )
        names = [one.name for one in rows.description or ()]
        snapshot["transitions"] = [dict(zip(names, row, strict=True)) for row in rows]
    # In one order, whatever that of the rows was: pages tell things in the order they come in.
    ordered: Snapshot = json.loads(canonical(snapshot))
    return ordered


def _structure(connection: psycopg.Connection, schema: str) -> dict[str, Facts]:
    structure: dict[str, Facts] = {}
    queries = files(__package__).joinpath("structure")
    with connection.transaction():
        # Expressions are printed with the names that the search path does not resolve.
        connection.execute("SET LOCAL search_path = pg_catalog")
        for file in sorted(queries.iterdir(), key=lambda one: one.name):
            if file.name.endswith(".sql"):
                query = file.read_text(encoding="utf-8").encode()
                rows = psycopg.RawCursor(connection).execute(query, [schema])
                structure[file.name.removesuffix(".sql")] = dict(rows.fetchall())
    # PostgreSQL compares the text in JSON by the collation of the database.
    for sources in structure["view_sources"].values():
        sources.sort(key=lambda one: (one["schema"], one["table"], one["column"]))
    return structure


def _kept(rows: dict[str, Any], brought: set[str]) -> dict[str, Any]:
    """Returns what is not of an extension: rows are of an object, of its table, or of a role."""
    return {
        name: facts
        for name, facts in rows.items()
        if brought.isdisjoint({name, *name.split(".", 1)})
        and (not isinstance(facts, dict) or facts.get("table") not in brought)
    }


def _head(connection: psycopg.Connection, schema: str, objects: Catalog) -> str | None:
    if "alembic_version" not in objects.get("table", {}):
        return None
    query = psycopg.sql.SQL("SELECT version_num FROM {}.alembic_version ORDER BY 1").format(
        psycopg.sql.Identifier(schema)
    )
    return ", ".join(row[0] for row in connection.execute(query)) or None


def body(snapshot: Snapshot, function: str) -> str:
    """Returns what stands between the quotes of a function, or "" for one without.

    Args:
        snapshot: what `read` returned.
        function: its name with the types of its arguments, such as `is_locked(text)`.
    """
    definition: str = snapshot["objects"]["function"][function]["definition"]
    found = re.search(r"AS (\$\w*\$)(.*)\1", definition, re.DOTALL)
    return found[2] if found else ""


def canonical(snapshot: Snapshot) -> str:
    """Returns a snapshot as text that is equal, byte by byte, for equal schemas.

    Args:
        snapshot: what `read` returned.
    """
    return json.dumps(snapshot, indent=1, sort_keys=True, ensure_ascii=False) + "\n"
