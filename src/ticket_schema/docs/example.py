"""A call of a function that runs as it stands, with a value of the right type for each argument."""

from __future__ import annotations

import re

from ticket_schema.docs.identifiers import identifier
from ticket_schema.docs.model import Argument, Function

_VALUES = {
    "uuid": "'00000000-0000-4000-8000-000000000000'",
    "text": "'...'",
    "character varying": "'...'",
    "boolean": "TRUE",
    "jsonb": "'{}'",
    "json": "'{}'",
    "bytea": "'\\x00'",
    "inet": "'192.0.2.1'",
    "interval": "'15 minutes'",
    "timestamp with time zone": "now()",
    "timestamp without time zone": "localtimestamp",
    "date": "current_date",
}
_NUMBERS = ("smallint", "integer", "bigint", "numeric", "real", "double precision")


def call(function: Function, schema: str) -> str:
    """Returns a statement that calls a function, "" for one that nobody calls by hand.

    Arguments go by name; those that have a default are left out, and named in a comment.

    Args:
        function: which one.
        schema: its schema.
    """
    if function.is_trigger or function.returns == "event_trigger" or function.kind == "aggregate":
        return ""
    given = [one for one in function.arguments if one.mode in {"in", "inout", "variadic"}]
    needed = [one for one in given if one.default is None]
    lines = [f"    {_passed(one)}" for one in needed]
    name = f"{identifier(schema)}.{identifier(function.name)}"
    arguments = "\n" + ",\n".join(lines) + "\n" if lines else ""
    if function.kind == "procedure":
        head = "CALL "
    else:
        rows = re.match(r"TABLE\(|SETOF |record\b", function.returns or "")
        composite = any(one.mode in {"out", "table"} for one in function.arguments)
        head = "SELECT * FROM " if rows or composite else "SELECT "
    statement = f"{head}{name}({arguments});"
    optional = [f"{one.name or '?'} DEFAULT {one.default}" for one in given if one.default]
    if optional:
        statement += "\n-- may be given as well:\n" + "\n".join(f"--     {one}" for one in optional)
    return statement


def _passed(argument: Argument) -> str:
    value = _value(argument.type)
    if argument.name is None:
        return value
    word = "VARIADIC " if argument.mode == "variadic" else ""
    return f"{word}{identifier(argument.name)} => {value}"


def _value(kind: str) -> str:
    if kind in _VALUES:
        # The type chooses among overloads, and says what is meant.
        return _VALUES[kind] + ("::uuid" if kind == "uuid" else "")
    if kind in _NUMBERS:
        return f"1::{kind}" if kind == "smallint" else "1"
    if kind.endswith("[]"):
        return f"'{{}}'::{kind}"
    return f"NULL::{kind}"
