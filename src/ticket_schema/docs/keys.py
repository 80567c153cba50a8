"""How many rows a foreign key joins, at either end."""

from __future__ import annotations

from collections.abc import Sequence

from ticket_schema.docs.model import Relation


def is_optional(table: Relation, columns: Sequence[str]) -> bool:
    """Returns whether a row may refer to nothing.

    Args:
        table: the one that refers.
        columns: those of the foreign key; one of them without a value is enough.
    """
    found = map(table.column, columns)
    return any(one is not None and not one.not_null for one in found)


def is_unique(table: Relation, columns: Sequence[str]) -> bool:
    """Returns whether at most one row refers to the same.

    Args:
        table: the one that refers.
        columns: those of the foreign key.
    """
    # Rows without a value refer to nothing, so an index without them keeps the same.
    whole = {None, *(f"({one} IS NOT NULL)" for one in columns)}
    return any(
        one.unique and one.predicate in whole and set(one.keys) <= set(columns)
        for one in table.indexes
    )
