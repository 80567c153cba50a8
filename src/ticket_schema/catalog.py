"""The migrated catalog as plain data: the one source for comparing, checking and documenting."""

from __future__ import annotations

import json
import re
from importlib.resources import files
from typing import Any

import psycopg

Catalog = dict[str, dict[str, dict[str, Any]]]


def read_catalog(connection: psycopg.Connection) -> Catalog:
    """Returns everything that defines schema `ticketing`, whatever created it and when.

    Args:
        connection: any login that may read the system catalogs.

    Returns:
        `{"table": {"tickets": {...}}, "column": {"tickets.status": {...}}, ...}`; two databases
        with the same schema give equal values, empty when the schema does not exist.
    """
    query = files("ticket_schema").joinpath("catalog.sql").read_text(encoding="utf-8")
    catalog: Catalog = {}
    found = connection.execute("SELECT to_regnamespace('ticketing') IS NOT NULL").fetchone()
    if found and found[0]:
        with connection.transaction():
            # Expressions are printed with the names that the search path does not resolve.
            connection.execute("SET LOCAL search_path = pg_catalog")
            for kind, name, definition in connection.execute(query.encode()):
                if "query" in definition:
                    definition["query"] = _unqualified(definition["query"])
                catalog.setdefault(kind, {})[name] = definition
    return catalog


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
