"""Every index by the question it serves, and by its table."""

from __future__ import annotations

from ticket_schema.docs import markdown
from ticket_schema.docs.comments import summary
from ticket_schema.docs.links import Links
from ticket_schema.docs.model import ForeignKey, Index, Relation, Source

PAGE = "indexes.md"

_HEAD = """\
# Indexes

Which index serves a question, what each keeps and which foreign key it covers: search this page for
the word of the question. An index that keeps a constraint cannot be dropped without it; one that
covers a foreign key keeps a deletion in the other table from reading this one whole.
"""


def covered(table: Relation, index: Index) -> list[ForeignKey]:
    """Returns the foreign keys whose columns lead an index, so that it finds what refers to a row.

    Args:
        table: that it is on.
        index: one of its indexes.
    """
    # One with a predicate still covers, when all that it leaves out refers to nothing.
    return [
        key
        for key in table.foreign_keys
        if sorted(_plain(one) for one in index.keys[: len(key.columns)]) == sorted(key.columns)
        and (index.predicate is None or _is_not_null_of(key.columns, index.predicate))
    ]


def uncovered(table: Relation) -> list[ForeignKey]:
    """Returns the foreign keys of a table that no index covers.

    Args:
        table: any table.
    """
    found = {key.name for index in table.indexes if index.valid for key in covered(table, index)}
    return [key for key in table.foreign_keys if key.name not in found]


def pages(source: Source) -> dict[str, str]:
    """Returns the page of indexes, nothing where there are none."""
    tables = [table for table in source.schema.tables.values() if table.indexes]
    if not tables:
        return {}
    links = Links(source, PAGE)
    parts = [_HEAD, "## By question\n", _questions(tables, links), "## By table\n"]
    for table in tables:
        parts += [f"### {markdown.escape(table.name)}\n", _of(table, links)]
    if bare := [(table, key) for table in tables for key in uncovered(table)]:
        parts += [
            "## Foreign keys without an index\n",
            "A deletion or a change of key in the table on the right reads the one on the left"
            " whole.\n",
            markdown.table(
                ("table", "foreign key", "columns", "to"),
                (
                    (
                        links.relation(table.name),
                        markdown.code(key.name),
                        _listed(key.columns),
                        links.relation(key.to_table)
                        if key.to_schema == source.schema.name
                        else markdown.code(f"{key.to_schema}.{key.to_table}"),
                    )
                    for table, key in bare
                ),
            ),
        ]
    return {PAGE: "\n".join(parts)}


def _questions(tables: list[Relation], links: Links) -> str:
    """Returns what indexes serve, those that only keep a primary key left out."""
    rows = []
    for table in tables:
        keys = {one.name: one for one in table.constraints}
        for index in table.indexes:
            constraint = keys.get(index.constraint or "")
            told = index.comment or (constraint.comment if constraint else "")
            if told and not (constraint and constraint.kind == "primary key"):
                rows.append(
                    (links.prose(told), markdown.code(index.name), links.relation(table.name))
                )
    return markdown.table(("what it serves", "index", "table"), rows)


def _of(table: Relation, links: Links) -> str:
    return markdown.table(
        ("index", "keys", "only rows", "keeps", "covers"),
        (
            (
                markdown.code(index.name) + ("" if index.valid else " **invalid**"),
                _keys(index),
                markdown.code(index.predicate or ""),
                _keeps(table, index, links),
                ", ".join(
                    sorted(
                        {
                            links.relation(key.to_table)
                            for key in covered(table, index)
                            if key.to_schema == links.source.schema.name
                        }
                    )
                ),
            )
            for index in table.indexes
        ),
    )


def _keys(index: Index) -> str:
    keys = _listed(index.keys)
    if index.method != "btree":
        keys = f"{index.method}: {keys}"
    if index.include:
        keys += f", with {_listed(index.include)}"
    return keys


def _keeps(table: Relation, index: Index, links: Links) -> str:
    constraint = next((one for one in table.constraints if one.name == index.constraint), None)
    if constraint:
        return f"{constraint.kind}: {links.prose(summary(constraint.comment))}".rstrip(": ")
    return "unique" if index.unique else ""


def _listed(names: list[str]) -> str:
    return ", ".join(markdown.code(name) for name in names)


def _plain(key: str) -> str:
    """Returns the column that a key of an index names."""
    return key[1:-1].replace('""', '"') if key.startswith('"') else key


def _is_not_null_of(columns: list[str], predicate: str) -> bool:
    column, found, rest = predicate.strip("()").partition(" IS NOT NULL")
    return bool(found) and not rest and _plain(column) in columns
