"""One page a table: what it is, what one may do, what keeps it right, and then the rest."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from ticket_schema.docs import access, diagrams, markdown, relation
from ticket_schema.docs.history import of_object
from ticket_schema.docs.identifiers import identifier, name_of
from ticket_schema.docs.links import Links
from ticket_schema.docs.machines import Machine, machines
from ticket_schema.docs.model import (
    Constraint,
    ForeignKey,
    Index,
    Relation,
    Source,
    state_page,
    table_page,
)
from ticket_schema.docs.pages.growth import deleted_by, kept_for
from ticket_schema.docs.relation import Section

_SQLSTATES = {
    "primary key": "23505",
    "unique": "23505",
    "exclusion": "23P01",
    "foreign key": "23503",
    "check": "23514",
}
_GROWS = {
    "fixed": "not at all: migrations alone write it",
    "catalogue": "slowly, with {}",
    "window": "with {}; rows are deleted when their time is over",
    "for ever": "**without bound**, with {}",
}


def pages(source: Source) -> dict[str, str]:
    """Returns the page of each table.

    Args:
        source: what the pages are made from.
    """
    found = machines(source)
    denied: dict[str, set[tuple[str, str]]] = {}
    for cell in access.matrix(source):
        if cell.outcome == "denied":
            denied.setdefault(cell.table, set()).add((cell.role, cell.command))
    return {
        table_page(name): _page(source, one, found, denied.get(name, set()))
        for name, one in source.schema.tables.items()
    }


def _page(
    source: Source,
    table: Relation,
    found: Mapping[str, Machine],
    denied: Collection[tuple[str, str]],
) -> str:
    links = Links(source, table_page(table.name))
    sections: list[Section] = [
        ("Who may do what", relation.rights(table, denied)),
        ("Policies", relation.policies(table, source.schema.name, links)),
        ("Columns", relation.columns(table, links)),
        ("Constraints", _constraints(table, links)),
        ("References", _references(table, links)),
        ("Triggers", relation.triggers(table, links)),
        ("Rules", relation.rules(source, table)),
        ("Indexes", _indexes(table, links)),
        ("Functions", _functions(table, links)),
        ("Views", _views(table, links)),
        ("Neighbours", _neighbours(table, links)),
        ("History", _history(source, table, links)),
    ]
    intro = [links.prose(table.comment), _glance(source, table, links, found)]
    return relation.page(table.name, intro, sections)


def _glance(source: Source, table: Relation, links: Links, found: Mapping[str, Machine]) -> str:
    rows: list[tuple[str, str]] = []
    domain = source.declared.domain_of(table.name)
    if domain is not None:
        home = f"../README.md#{markdown.anchor(domain.title)}"
        rows.append(("Domain", f"[{markdown.escape(domain.title)}]({home})"))
    key = ", ".join(table.primary_key)
    rows.append(("Primary key", markdown.code(f"({key})") if key else "**none**"))
    rows.append(("Row level security", relation.row_security(table)))
    rows += [
        ("States", f"{markdown.code(one.column or '')}: {_state_link(one.entity, links)}")
        for one in found.values()
        if one.table is table
    ]
    growth = source.declared.growth.get(table.name)
    if growth is not None:
        stays = f"; what stays: {growth.stays}" if growth.stays else ""
        rows.append(("Grows", _GROWS[growth.grows].format(growth.by) + stays))
    if deleted := deleted_by(source, table, links):
        kept = kept_for(source, table)
        after = f"; kept {', '.join(kept)}" if kept else ""
        rows.append(("Deleted by", ", ".join(deleted) + after))
    if table.kind != "table":
        rows.append(("Kind", table.kind))
    if table.partition_key:
        rows.append(("Partitioned", markdown.code(table.partition_key)))
    if table.partition_bound:
        rows.append(("Partition", markdown.code(table.partition_bound)))
    if table.children:
        prefix = f"{identifier(source.schema.name)}."
        own = [name_of(one.removeprefix(prefix)) for one in table.children]
        rows.append(("Partitions and heirs", relation.names(links.relation(one) for one in own)))
    rows += relation.particulars(table)
    return markdown.table(["", ""], rows)


def _state_link(entity: str, links: Links) -> str:
    return markdown.link(
        f"what a {markdown.code(entity)} may become", links.page, state_page(entity)
    )


def _constraints(table: Relation, links: Links) -> str:
    shown = [one for one in table.constraints if one.kind != "foreign key"]
    rows = [
        [
            markdown.code(one.name),
            one.kind,
            links.prose(one.comment) + _unusual(one),
            markdown.code(_SQLSTATES.get(one.kind, "")),
        ]
        for one in shown
    ]
    return relation.paragraphs(
        markdown.table(["constraint", "kind", "rule", "a client sees"], rows),
        "NULL in a column that may not hold it gives `23502`.",
        markdown.fenced("\n".join(_sql(one) for one in shown)) if shown else "",
    )


def _unusual(one: Constraint) -> str:
    told = []
    if not one.validated:
        told.append("not validated: older rows may break it")
    if one.deferrable:
        told.append("checked at COMMIT" if one.deferred else "can be put off to COMMIT")
    if one.switched_off:
        told.append("switched off")
    return f" **{'; '.join(told).capitalize()}.**" if told else ""


def _sql(one: Constraint) -> str:
    return f"CONSTRAINT {identifier(one.name)} {one.definition}"


def _references(table: Relation, links: Links) -> str:
    by_name = {one.name: one for one in table.constraints}
    out = [
        [
            markdown.code(one.name),
            _to(one, links),
            one.on_delete,
            links.prose(by_name[one.name].comment) + _unusual(by_name[one.name]),
        ]
        for one in table.foreign_keys
    ]
    back = [
        [
            markdown.code(one.name),
            _from(one, links),
            one.on_delete,
            _on_delete(one),
        ]
        for one in table.referenced_by
    ]
    blocks = []
    if out:
        blocks += [
            "### What it refers to",
            "A row that names what is not there gives `23503`.",
            markdown.table(["foreign key", "columns", "on delete", "rule"], out),
            markdown.fenced("\n".join(_sql(by_name[one.name]) for one in table.foreign_keys)),
        ]
    if back:
        blocks += [
            "### What refers to it",
            markdown.table(["foreign key", "from", "on delete", "when a row here goes"], back),
        ]
    return relation.paragraphs(*blocks)


def _to(key: ForeignKey, links: Links) -> str:
    foreign = key.to_schema != links.source.schema.name
    target = (
        markdown.code(f"{key.to_schema}.{key.to_table}")
        if foreign
        else links.relation(key.to_table)
    )
    return (
        f"{markdown.code(', '.join(key.columns))} → {target}"
        f" {markdown.code('(' + ', '.join(key.to_columns) + ')')}"
    )


def _from(key: ForeignKey, links: Links) -> str:
    foreign = key.schema != links.source.schema.name
    origin = markdown.code(f"{key.schema}.{key.table}") if foreign else links.relation(key.table)
    return f"{origin} {markdown.code('(' + ', '.join(key.columns) + ')')}"


def _on_delete(key: ForeignKey) -> str:
    return {
        # PostgreSQL 18 gave RESTRICT a code of its own.
        "RESTRICT": "refused while rows refer to it: `23001` from PostgreSQL 18 on, `23503` before",
        "NO ACTION": "refused while rows refer to it: `23503`",
        "CASCADE": "the rows that refer to it go as well",
        "SET NULL": "the columns there become NULL",
    }.get(key.on_delete, "the columns there get their default")


def _indexes(table: Relation, links: Links) -> str:
    comments = {one.name: one.comment for one in table.constraints}
    rows = [
        [
            markdown.code(one.name),
            ("unique " if one.unique else "") + one.method,
            markdown.code(", ".join(one.keys)) + _more(one),
            f"keeps {markdown.code(one.constraint)}" if one.constraint else "",
            links.prose(one.comment or comments.get(one.constraint or "", ""))
            + ("" if one.valid else " **Invalid: no query uses it.**"),
        ]
        for one in table.indexes
    ]
    if not rows:
        return ""
    return relation.paragraphs(
        markdown.table(["index", "kind", "keys", "constraint", "what it is for"], rows),
        markdown.fenced("\n".join(f"{one.definition};" for one in table.indexes)),
    )


def _more(one: Index) -> str:
    told = ""
    if one.include:
        told += f" with {markdown.code(', '.join(one.include))}"
    if one.predicate:
        told += f" where {markdown.code(one.predicate)}"
    if one.nulls_not_distinct:
        told += ", NULLs are equal"
    return told


def _functions(table: Relation, links: Links) -> str:
    """Returns the functions whose own text names the table, those that write it first."""
    rows = []
    for key, body in links.source.bodies.items():
        writes = body.writes.get(table.name, {})
        locks = [one for one in body.row_locks if one.table == table.name]
        modes = [mode for name, mode in body.table_locks if name == table.name]
        if writes or locks or modes or table.name in body.reads:
            rows.append(
                [
                    links.function(links.source.schema.functions[key].name),
                    ", ".join(writes),
                    "yes" if table.name in body.reads else "",
                    ", ".join([f"{o.strength} {o.wait}".strip() for o in locks] + modes),
                ]
            )
    rows.sort(key=lambda row: not row[1])
    return markdown.table(["function", "writes", "reads", "locks"], rows)


def _views(table: Relation, links: Links) -> str:
    return "\n".join(f"- {links.relation(name)}" for name in table.read_by)


def _history(source: Source, table: Relation, links: Links) -> str:
    """Returns what each revision did to the table, its birth apart, and to what belongs to it."""
    objects = source.history.get("objects", {})
    born = next(iter(of_object(source.history, "table", table.name)), None)
    if born is None:
        return ""
    stays = [one.name for one in table.columns]
    since = {
        name: events[0]["revision"]
        for name in stays
        if (events := of_object(source.history, "column", f"{table.name}.{name}"))
    }
    later = [
        [markdown.code(name), _revision(since[name], links)]
        for name in stays
        if since.get(name, born["revision"]) != born["revision"]
    ]
    rows = [
        [_revision(event["revision"], links), f"{kind} {markdown.code(name)}", _event(event)]
        for kind, name, event in _events(objects, table)
        if event["revision"] != born["revision"]
        # Columns that came later stand in a table of their own.
        and not (kind == "column" and name in since and event["change"] == "made")
    ]
    return relation.paragraphs(
        f"Made by revision {_revision(born['revision'], links)}"
        + (", with all columns but these:" if later else ", with all its columns."),
        markdown.table(["column", "since"], later),
        "What was changed, added or dropped since:" if rows else "",
        markdown.table(["revision", "what", "how"], sorted(rows, key=lambda row: row[0])),
    )


def _events(objects: dict[str, Any], table: Relation) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Yields kind, name and event of what belongs to a table, also of what is gone."""
    indexes = {one.name for one in table.indexes}
    for kind, names in sorted(objects.items()):
        for name, events in sorted(names.items()):
            owner, _, part = name.partition(".")
            if kind in {"table", "foreign table"}:
                belongs, part = name == table.name, name
            elif kind == "index":
                belongs, part = name in indexes, name
            else:
                belongs = bool(part) and owner == table.name
            if belongs:
                yield from ((kind, part, event) for event in events)


def _event(event: dict[str, Any]) -> str:
    if event["change"] != "changed":
        return str(event["change"])
    told = []
    for part, values in event.get("parts", {}).items():
        if values is None or any(isinstance(one, (dict, list)) for one in values):
            told.append(part.replace("_", " "))
        elif part == "comment":
            told.append("comment")
        else:
            old, new = (markdown.code(str(one)) if one is not None else "none" for one in values)
            told.append(f"{part.replace('_', ' ')}: {old} → {new}")
    return "; ".join(told)


def _revision(revision: str, links: Links) -> str:
    return markdown.link(markdown.code(revision), links.page, f"revisions.md#{revision}")


def _neighbours(table: Relation, links: Links) -> str:
    picture = diagrams.table_picture(table.name)
    return diagrams.shown(
        picture, links.page, f"{table.name} with the tables that it refers to and that refer to it"
    )
