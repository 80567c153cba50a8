"""What deletes rows of a table, and after how long: read from functions, grants and keys."""

from __future__ import annotations

import re
from dataclasses import dataclass

from ticket_schema.docs.model import Function, Relation, Source

_LEAST = re.compile(r"\bretention_cutoff\(\s*\w+\s*,\s*interval\s+'([^']+)'", re.IGNORECASE)
_UNTIL = re.compile(r"\b(\w*expires_at) <= ")
_LITERAL = re.compile(r"'([^']*)'::interval")


@dataclass(frozen=True)
class Deleter:
    """A function that deletes rows of a table.

    Args:
        function: its name.
        keeps: how long rows are kept unless its caller says otherwise, empty when it is not asked.
        least: the shortest time that a caller may say, empty when there is none.
        until: the column with the time up to which a row is kept, where a row says so itself.
    """

    function: str
    keeps: str = ""
    least: str = ""
    until: str = ""


def deleters(source: Source, table: str) -> list[Deleter]:
    """Returns the functions that delete rows of a table by themselves, by name.

    Args:
        source: what the pages are made from.
        table: its name.
    """
    functions = source.schema.functions
    return [
        _deleter(functions[key], source.schema.tables[table])
        for key, body in sorted(source.bodies.items())
        if {"DELETE", "TRUNCATE"} & set(body.writes.get(table, ())) and key in functions
    ]


def roles(table: Relation) -> list[str]:
    """Returns the roles that may delete rows of a table, but for its owner.

    Args:
        table: any table.
    """
    return [role for role, may in table.rights.items() if may.get("DELETE") and role != table.owner]


def parents(table: Relation) -> list[str]:
    """Returns the tables with whose rows those of a table go.

    Args:
        table: any table.
    """
    return sorted({key.to_table for key in table.foreign_keys if key.on_delete == "CASCADE"})


def _deleter(function: Function, table: Relation) -> Deleter:
    keeps = [
        literal[1]
        for one in function.arguments
        if one.type == "interval" and (literal := _LITERAL.fullmatch(one.default or ""))
    ]
    least = _LEAST.search(function.body)
    if least is None or len(keeps) != 1:
        told = _UNTIL.search(function.body)
        until = told[1] if told and table.column(told[1]) else ""
        return Deleter(function.name, until=until)
    return Deleter(function.name, keeps[0], least[1])
