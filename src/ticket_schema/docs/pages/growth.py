"""Which tables grow, with what, and what deletes from them."""

from __future__ import annotations

from collections.abc import Sequence

from ticket_schema.docs import markdown, retention
from ticket_schema.docs.declared import Grows
from ticket_schema.docs.links import Links
from ticket_schema.docs.model import Relation, Source

PAGE = "growth.md"

_HEAD = """\
# Growth and retention

Which tables grow without bound, and which do not; what deletes from them, and after how long. What
deletes is read from the text of the functions, from the grants and from the foreign keys.
"""

_KINDS: Sequence[tuple[Grows, str, str]] = (
    (
        "for ever",
        "Grow without bound",
        "With traffic, and rows stay. Watch their size, and plan their disk.",
    ),
    (
        "window",
        "Bounded by time",
        "With traffic, but rows are deleted when their time is over: as large as what comes in"
        " that time, as long as maintenance runs and what stays is looked after.",
    ),
    (
        "catalogue",
        "Bounded by what is set up",
        "No faster when more is sold.",
    ),
    ("fixed", "Fixed", "Migrations alone write them."),
)


def pages(source: Source) -> dict[str, str]:
    """Returns the page of growth, nothing for a schema without tables."""
    tables = source.schema.tables
    if not tables:
        return {}
    links = Links(source, PAGE)
    growth = source.declared.growth
    parts = [_HEAD]
    for kind, title, line in _KINDS:
        of_kind = [
            tables[name]
            for domain in source.declared.domains
            for name in domain.tables
            if name in growth and growth[name].grows == kind
        ]
        if of_kind:
            parts += [f"## {title}\n", f"{line}\n", _table(source, of_kind, links)]
    if rest := [table for name, table in tables.items() if name not in growth]:
        parts += ["## Of which nothing is declared\n" if growth else "## Tables\n"]
        parts += [_table(source, rest, links)]
    parts += ["## Partitions\n", _partitions(list(tables.values()), links)]
    return {PAGE: "\n".join(parts)}


def _table(source: Source, tables: list[Relation], links: Links) -> str:
    rows = []
    for table in tables:
        found = source.declared.growth.get(table.name)
        grows = links.prose(f"with {found.by}") if found and found.by else ""
        by, kept = deleted_by(source, table, links), kept_for(source, table)
        may = [markdown.code(role) for role in retention.roles(table)]
        stays = links.prose(found.stays) if found and found.stays else ""
        if not by and not may:
            stays = "all rows"
        rows.append(
            (
                links.relation(table.name),
                grows,
                ", ".join(by) or "nothing",
                ", ".join(kept),
                stays,
                ", ".join(may) or "nobody",
            )
        )
    heads = ("table", "grows", "deleted by", "kept", "what stays", "may delete")
    empty = {place for place in (1, 3, 4) if not any(row[place] for row in rows)}
    return markdown.table(
        [head for place, head in enumerate(heads) if place not in empty],
        ([cell for place, cell in enumerate(row) if place not in empty] for row in rows),
    )


def deleted_by(source: Source, table: Relation, links: Links) -> list[str]:
    """Returns what deletes rows of a table: functions, and rows that theirs go with.

    Args:
        source: what the pages are made from.
        table: one of its tables.
        links: of the page that says so.
    """
    return [
        *(links.function(one.function) for one in retention.deleters(source, table.name)),
        *(f"with its row of {links.relation(one)}" for one in retention.parents(table)),
    ]


def kept_for(source: Source, table: Relation) -> list[str]:
    """Returns how long the functions that delete from a table keep its rows.

    Args:
        source: what the pages are made from.
        table: one of its tables.
    """
    deleters = retention.deleters(source, table.name)
    aged = [f"for {one.keeps}, at least {one.least}" for one in deleters if one.keeps]
    return aged or sorted({f"until {markdown.code(one.until)}" for one in deleters if one.until})


def _partitions(tables: list[Relation], links: Links) -> str:
    parted = [table for table in tables if table.partition_key]
    if not parted:
        return (
            "No table is partitioned: old rows are deleted, row by row, and VACUUM makes their room"
            " free again.\n"
        )
    return markdown.table(
        ("table", "partitioned by", "partitions"),
        (
            (
                links.relation(table.name),
                markdown.code(table.partition_key or ""),
                ", ".join(markdown.code(child) for child in table.children),
            )
            for table in parted
        ),
    )
