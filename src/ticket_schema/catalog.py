"""The migrated catalog as plain data: the one source for comparing, checking and documenting."""

from __future__ import annotations

import json
import re
from collections.abc import Collection
from importlib.resources import files
from typing import Any

import psycopg

Catalog = dict[str, dict[str, dict[str, Any]]]


def read_catalog(connection: psycopg.Connection, schema: str = "ticketing") -> Catalog:
    """Returns everything that defines a schema, whatever created it and when.

    Args:
        connection: any login that may read the system catalogs.
        schema: its name; the roles of this package belong to `ticketing` alone.

    Returns:
        `{"table": {"tickets": {...}}, "column": {"tickets.status": {...}}, ...}`; two databases
        with the same schema give equal values, empty when the schema does not exist.
    """
    query = files("ticket_schema").joinpath("catalog.sql").read_text(encoding="utf-8")
    query = _about(query, schema)
    catalog: Catalog = {}
    found = connection.execute(
        "SELECT EXISTS (SELECT FROM pg_catalog.pg_namespace WHERE nspname = %s)", [schema]
    ).fetchone()
    if found and found[0]:
        with connection.transaction():
            # Expressions are printed with the names that the search path does not resolve.
            connection.execute("SET LOCAL search_path = pg_catalog")
            for kind, name, definition in connection.execute(query.encode()):
                if "query" in definition:
                    definition["query"] = _unqualified(definition["query"])
                catalog.setdefault(kind, {})[name] = definition
    return catalog


def read_database(
    connection: psycopg.Connection, *, leave: Collection[str] = ()
) -> dict[str, Catalog]:
    """Returns everything that defines the schemas of a database, without what extensions brought.

    Schema `public` is left out while it is empty.

    Args:
        connection: any login that may read the system catalogs.
        leave: schemas that are of no interest.

    Returns:
        From the name of each schema to what `read_catalog` returns of it.
    """
    schemas = connection.execute(
        "SELECT nspname FROM pg_catalog.pg_namespace WHERE nspname NOT LIKE 'pg\\_%'"
        " AND nspname <> 'information_schema'"
        # The one that is there from the start, and that many never use.
        " AND (nspname <> 'public'"
        " OR EXISTS (SELECT FROM pg_catalog.pg_class WHERE relnamespace = 'public'::regnamespace)"
        " OR EXISTS (SELECT FROM pg_catalog.pg_type WHERE typnamespace = 'public'::regnamespace)"
        " OR EXISTS (SELECT FROM pg_catalog.pg_proc WHERE pronamespace = 'public'::regnamespace))"
        " ORDER BY 1"
    ).fetchall()
    brought = brought_by_extensions(connection)
    return {
        schema: without(read_catalog(connection, schema), brought.get(schema, frozenset()))
        for (schema,) in schemas
        if schema not in leave
    }


def brought_by_extensions(connection: psycopg.Connection) -> dict[str, set[str]]:
    """Returns the objects that belong to an extension, by schema; functions with their arguments.

    Args:
        connection: any login that may read the system catalogs.
    """
    brought: dict[str, set[str]] = {}
    for schema, name in connection.execute(_BROUGHT):
        brought.setdefault(schema, set()).add(name)
    return brought


def without(catalog: Catalog, brought: Collection[str]) -> Catalog:
    """Returns a catalog without some objects and what belongs to them.

    Args:
        catalog: what `read_catalog` returned.
        brought: names of relations, types and functions.
    """
    if not brought:
        return catalog
    kept: Catalog = {}
    for kind, names in catalog.items():
        for name, definition in names.items():
            belongs = {name, name.partition(".")[0], definition.get("table")}
            if belongs.isdisjoint(brought):
                kept.setdefault(kind, {})[name] = definition
    return kept


def _about(query: str, schema: str) -> str:
    """Returns the query for another schema than the one that its file names."""
    if schema == "ticketing":
        return query
    literal = "'" + schema.replace("'", "''") + "'"
    identifier = '"' + schema.replace('"', '""') + '"'
    query = query.replace(
        "'ticketing'::regnamespace", "'" + identifier.replace("'", "''") + "'::regnamespace"
    )
    query = query.replace("'ticketing'", literal)
    for role in ("ticketing_owner", "ticketing_app", "ticketing_worker", "ticketing_readonly"):
        query = query.replace(f"'{role}'", "''")
    return query


_BROUGHT = """
SELECT n.nspname::text, c.relname::text
FROM pg_catalog.pg_depend AS d
INNER JOIN pg_catalog.pg_class AS c ON d.classid = 'pg_class'::regclass AND d.objid = c.oid
INNER JOIN pg_catalog.pg_namespace AS n ON c.relnamespace = n.oid
WHERE d.deptype = 'e'
UNION ALL
SELECT
    n.nspname,
    pg_catalog.format(
        '%s(%s)', p.proname, pg_catalog.pg_get_function_identity_arguments(p.oid)
    )
FROM pg_catalog.pg_depend AS d
INNER JOIN pg_catalog.pg_proc AS p ON d.classid = 'pg_proc'::regclass AND d.objid = p.oid
INNER JOIN pg_catalog.pg_namespace AS n ON p.pronamespace = n.oid
WHERE d.deptype = 'e'
UNION ALL
SELECT n.nspname, t.typname
FROM pg_catalog.pg_depend AS d
INNER JOIN pg_catalog.pg_type AS t ON d.classid = 'pg_type'::regclass AND d.objid = t.oid
INNER JOIN pg_catalog.pg_namespace AS n ON t.typnamespace = n.oid
WHERE d.deptype = 'e'
"""


def _unqualified(query: str) -> str:
    """Returns the query of a view on one relation as PostgreSQL 16 and later print it.

    Servers before print the relation's alias before each of its columns.
    """
    lone = re.search(r"^ *FROM [\w.]+ (\w+)(?:;|$)", query, re.MULTILINE)
    if lone is None or " JOIN " in query or query.count("FROM ") > 1:
        return query
    return re.sub(rf"\b{lone[1]}\.", "", query)


def canonical(catalog: Catalog) -> str:
    """Returns a catalog as text that is equal, byte by byte, for equal schemas.

    Args:
        catalog: what `read_catalog` returned.
    """
    return json.dumps(catalog, indent=1, sort_keys=True, ensure_ascii=False) + "\n"
