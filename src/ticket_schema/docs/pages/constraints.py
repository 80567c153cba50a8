"""Every name that an error may carry: what the rule says, and what a client sees of it."""

from __future__ import annotations

import re
from collections.abc import Mapping

from ticket_schema.docs import markdown, relation
from ticket_schema.docs.links import Links
from ticket_schema.docs.model import Constraint, ForeignKey, Index, Relation, Source

PAGE = "constraints.md"

SQLSTATES = {
    "primary key": "23505",
    "unique": "23505",
    "unique index": "23505",
    "exclusion": "23P01",
    "foreign key": "23503",
    "check": "23514",
    "not null": "23502",
}
"""What a client sees, by kind; `restricted` is another one for a parent that may not go."""

_RESTRICT_SINCE = 18


def pages(source: Source) -> dict[str, str]:
    """Returns the list of all constraints and unique indexes.

    Args:
        source: what the pages are made from.
    """
    links = Links(source, PAGE)
    namers = _namers(source)
    sections = [
        (markdown.escape(table.name), _table(table, namers, links))
        for table in source.schema.tables.values()
    ]
    if not any(text for _, text in sections):
        return {}
    return {PAGE: relation.page("Constraints", [_LEAD, _states(source)], sections)}


_LEAD = (
    "An error names the rule that it broke: `constraint_name` of the driver's error, or the name in"
    " quotes in the message. Here is what each says. A rule is tested while its statement runs; a"
    " deferrable one at COMMIT, when the transaction asks for it."
)


def restricted(source: Source, key: ForeignKey) -> str:
    """Returns the SQLSTATE of a parent that cannot go because of a foreign key, "" if it can.

    Args:
        source: what the pages are made from.
        key: the foreign key.
    """
    if key.on_delete == "RESTRICT" and source.snapshot["postgresql"] >= _RESTRICT_SINCE:
        return "23001"
    return "23503" if key.on_delete in ("RESTRICT", "NO ACTION") else ""


def _states(source: Source) -> str:
    rows = [
        ["`23505`", "primary key, unique constraint, unique index", "such a row is there already"],
        [
            "`23503`",
            "foreign key",
            "no such parent for the row; or, with NO ACTION, rows still refer to the parent that"
            " goes",
        ],
        ["`23514`", "CHECK", "the rule does not hold for the row"],
        ["`23P01`", "exclusion", "another row is in the way"],
        [
            "`23502`",
            "NOT NULL",
            "no value; the error names table and column, so no names are listed here",
        ],
    ]
    if source.snapshot["postgresql"] >= _RESTRICT_SINCE:
        rows.insert(
            2,
            [
                "`23001`",
                "foreign key with RESTRICT",
                f"rows still refer to the parent that goes; before PostgreSQL {_RESTRICT_SINCE}"
                " it is 23503",
            ],
        )
    return markdown.table(["SQLSTATE", "kind", "says"], rows)


def _table(table: Relation, namers: Mapping[str, set[str]], links: Links) -> str:
    comments = {one.name: one.comment for one in table.indexes}
    rows = [
        _row(namers, table, one, one.comment or comments.get(one.index or "", ""), links)
        for one in table.constraints
    ]
    rows += [
        _unique(namers, one, links) for one in table.indexes if one.unique and not one.constraint
    ]
    shown = markdown.table(["name", "SQLSTATE", "what it says", "SQL", "named by"], rows)
    return relation.paragraphs(f"Of {links.relation(table.name)}.", shown) if rows else ""


def _row(
    namers: Mapping[str, set[str]], table: Relation, one: Constraint, comment: str, links: Links
) -> list[str]:
    states = [SQLSTATES.get(one.kind, "")]
    for key in table.foreign_keys:
        if key.name == one.name and restricted(links.source, key) not in ("", *states):
            states.append(f"{restricted(links.source, key)} for the parent")
    notes = []
    if one.deferred:
        notes.append("tested at COMMIT")
    elif one.deferrable:
        notes.append("DEFERRABLE: at COMMIT when a transaction asks for it")
    if not one.validated:
        notes.append("**NOT VALID**: rows from before may break it")
    if one.switched_off:
        notes.append("**switched off**")
    told = links.prose(comment) + "".join(f" *{note}.*" for note in notes)
    return [
        markdown.code(one.name),
        ", ".join(states),
        told,
        markdown.code(one.definition),
        _named_by(namers, one.name, links),
    ]


def _unique(namers: Mapping[str, set[str]], one: Index, links: Links) -> list[str]:
    definition = one.definition.partition(" USING ")[2]
    return [
        markdown.code(one.name),
        SQLSTATES["unique index"],
        links.prose(one.comment),
        markdown.code(f"UNIQUE INDEX {definition}"),
        _named_by(namers, one.name, links),
    ]


def _namers(source: Source) -> dict[str, set[str]]:
    """Returns the functions by the words of their text: one that names a rule answers to it."""
    found: dict[str, set[str]] = {}
    for function in source.schema.functions.values():
        for word in set(re.findall(r"\w+", function.body)):
            found.setdefault(word, set()).add(function.name)
    return found


def _named_by(namers: Mapping[str, set[str]], name: str, links: Links) -> str:
    return ", ".join(links.function(one) for one in sorted(namers.get(name, ())))
