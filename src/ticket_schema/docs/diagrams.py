"""Pictures as DOT: the tables and their foreign keys, and the state machines.

Each picture is a pair of files, `<name>.dot` and, drawn from it by `ticket_schema.docs.svg`,
`<name>.svg`. A page shows the latter with a text alternative; within `<img>` its links are dead,
so the page names the tables as well, and links to the picture itself, where they work.

Links in a picture lead to Markdown pages, relative to the picture: `../../tables/tickets.md`. That
is right in a checkout. A site whose pages are called otherwise, or that makes a picture part of a
page, changes them.
"""

from __future__ import annotations

import posixpath
import textwrap
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from ticket_schema.docs import dot, markdown
from ticket_schema.docs.comments import summary
from ticket_schema.docs.dot import attributes, html, quoted, room
from ticket_schema.docs.keys import is_optional, is_unique
from ticket_schema.docs.machines import Machine, Transition, machines
from ticket_schema.docs.model import (
    Column,
    ForeignKey,
    Relation,
    Schema,
    Source,
    slug,
    table_page,
)
from ticket_schema.docs.typenames import shortened

WHOLE = "diagrams/schema.svg"

_Shown = dict[str, set[str]]

_LEGEND = (
    "fork: many rows; bar without a fork: at most one; ring: may be none; ?: may be NULL; bold:"
    " primary key"
)
_DASHED = ' STYLE="dashed"'

# Fewer tables than these are legible with all their foreign keys.
_MANY = 8


def domain_picture(key: str) -> str:
    """Returns the path of the picture of a domain, by its key."""
    return f"diagrams/domains/{slug(key)}.svg"


def table_picture(name: str) -> str:
    """Returns the path of the picture of a table and its neighbours."""
    return f"diagrams/tables/{slug(name)}.svg"


def state_picture(entity: str) -> str:
    """Returns the path of the picture of a state machine."""
    return f"diagrams/states/{slug(entity)}.svg"


def shown(picture: str, page: str, alternative: str) -> str:
    """Returns a picture for a page: shown, and linked to itself, where its boxes are links.

    Args:
        picture: path of the picture, from the folder of the pages.
        page: path of the page, from there too.
        alternative: what the picture shows, as plain text.
    """
    relative = posixpath.relpath(picture, posixpath.dirname(page) or ".")
    return f"[![{markdown.escape(alternative)}]({relative})]({relative})"


def dots(source: Source) -> dict[str, str]:
    """Returns every picture as DOT, by the path of its file from the folder of the pages.

    Args:
        source: what the pages are made from.
    """
    atlas = _Atlas.of(source)
    made: dict[str, str] = {}
    if atlas.tables:
        made[WHOLE] = _whole(atlas)
    for place, domain in enumerate(atlas.domains):
        if domain.title:
            made[domain_picture(domain.key)] = _domain(atlas, place)
    for table in atlas.schema.tables.values():
        made[table_picture(table.name)] = _neighbourhood(atlas, table)
    for machine in machines(source).values():
        made[state_picture(machine.entity)] = _machine(machine)
    return {path.removesuffix("svg") + "dot": text for path, text in sorted(made.items())}


@dataclass(frozen=True)
class _Group:
    key: str
    title: str
    tables: tuple[str, ...]


@dataclass(frozen=True)
class _Atlas:
    """What all pictures share.

    Args:
        schema: whose tables they show.
        tables: those with a place in the whole; partitions stand for nothing of their own.
        domains: groups of tables; one without a title when nothing is declared.
        tenancy: column and table of the foreign key that nearly every table has, else None.
    """

    schema: Schema
    tables: dict[str, Relation]
    domains: tuple[_Group, ...]
    tenancy: tuple[str, str] | None

    @classmethod
    def of(cls, source: Source) -> _Atlas:
        schema = source.schema
        tables = {name: one for name, one in schema.tables.items() if not one.partition_bound}
        groups = [
            _Group(one.key, one.title, tuple(name for name in one.tables if name in tables))
            for one in source.declared.domains
        ]
        rest = tuple(name for name in tables if all(name not in one.tables for one in groups))
        if rest:
            groups.append(_Group("other", "Other tables" if groups else "", rest))
        return cls(schema, tables, tuple(g for g in groups if g.tables), _tenancy(tables))

    def shade(self, table: str) -> dot.Shade:
        """Returns the colours of a table, which are those of its domain."""
        places = (place for place, one in enumerate(self.domains) if table in one.tables)
        return _shade(next(places, 0))

    def is_tenancy(self, key: ForeignKey) -> bool:
        """Returns whether a foreign key says no more than which tenant a row is of."""
        return self.tenancy is not None and (key.columns, key.to_table) == (
            [self.tenancy[0]],
            self.tenancy[1],
        )

    def columns(self, key: ForeignKey) -> list[str]:
        """Returns the columns of a foreign key that tell it from others: not the tenant."""
        kept = [one for one in key.columns if self.tenancy is None or one != self.tenancy[0]]
        return kept or key.columns


def _shade(place: int) -> dot.Shade:
    return dot.SHADES[place % len(dot.SHADES)]


def _tenancy(tables: Mapping[str, Relation]) -> tuple[str, str] | None:
    """Returns the column by which more than half of many tables refer to the same one."""
    found = Counter(
        (key.columns[0], key.to_table)
        for table in tables.values()
        for key in table.foreign_keys
        if len(key.columns) == 1 and key.to_schema == key.schema
    )
    for most, times in found.most_common(1):
        if len(tables) >= _MANY and times * 2 > len(tables):
            return most
    return None


def _whole(atlas: _Atlas) -> str:
    lines = [
        "rankdir=RL; ranksep=0.45; nodesep=0.1;",
        "node [shape=plain]; edge [arrowsize=0.6];",
    ]
    for place, domain in enumerate(atlas.domains):
        boxes = [
            _box(atlas, atlas.tables[name], WHOLE, _referring(atlas, atlas.tables[name]))
            for name in domain.tables
        ]
        lines += _cluster(domain.title, place, boxes)
    shown = {name: _names(_referring(atlas, one)) for name, one in atlas.tables.items()}
    lines += _edges(
        atlas, [key for one in atlas.tables.values() for key in one.foreign_keys], shown
    )
    about = f"{_count(len(shown), 'table')} and their foreign keys{_by_domain(atlas)}."
    return dot.picture(f"Tables of {atlas.schema.name}", about + _hidden(atlas), lines)


def _by_domain(atlas: _Atlas) -> str:
    titles = [one.title for one in atlas.domains if one.title]
    return f", by domain: {', '.join(titles)}" if titles else ""


def _domain(atlas: _Atlas, place: int) -> str:
    domain = atlas.domains[place]
    path = domain_picture(domain.key)
    keys = [key for name in domain.tables for key in atlas.tables[name].foreign_keys]
    keys = [key for key in keys if not atlas.is_tenancy(key)]
    lines = [
        "rankdir=RL; ranksep=1.0; nodesep=0.15;",
        "node [shape=plain]; edge [arrowsize=0.7];",
    ]
    boxes = [
        _box(atlas, atlas.tables[name], path, _keys(atlas, atlas.tables[name]), typed=True)
        for name in domain.tables
    ]
    lines += _cluster(domain.title, place, boxes)
    shown = {name: _names(_keys(atlas, atlas.tables[name])) for name in domain.tables}
    for schema, table in sorted({(key.to_schema, key.to_table) for key in keys}):
        if _node(atlas, schema, table) not in shown:
            lines.append(_other(atlas, schema, table, path))
            shown[_node(atlas, schema, table)] = set()
    lines += _edges(atlas, keys, shown)
    lines.append(_caption(_LEGEND))
    about = (
        f"{_count(len(domain.tables), 'table')} of {domain.title} with their keys, and those"
        " that they refer to."
    )
    return dot.picture(domain.title, about + _hidden(atlas), lines)


def _names(columns: Iterable[Column]) -> set[str]:
    return {one.name for one in columns}


def _neighbourhood(atlas: _Atlas, table: Relation) -> str:
    path = table_picture(table.name)
    parents = [key for key in table.foreign_keys if not atlas.is_tenancy(key)]
    children = [
        key
        for key in table.referenced_by
        if not atlas.is_tenancy(key) and (key.schema, key.table) != (atlas.schema.name, table.name)
    ]
    near: dict[tuple[str, str], set[str]] = {}
    for key in parents:
        near.setdefault((key.to_schema, key.to_table), set()).update(key.to_columns)
    for key in children:
        near.setdefault((key.schema, key.table), set()).update(key.columns)
    near.pop((atlas.schema.name, table.name), None)
    lines = [
        "rankdir=RL; ranksep=1.0; nodesep=0.12;",
        "node [shape=plain]; edge [arrowsize=0.7];",
        _box(atlas, table, path, table.columns, typed=True, main=True),
    ]
    shown = {table.name: _names(table.columns)}
    for (schema, name), columns in sorted(near.items()):
        other = atlas.schema.tables.get(name) if schema == atlas.schema.name else None
        kept: list[Column] = []
        if other is None:
            lines.append(_other(atlas, schema, name, path))
        else:
            tenant = atlas.tenancy[0] if atlas.tenancy else None
            kept = [one for one in other.columns if one.name in columns and one.name != tenant]
            lines.append(_box(atlas, other, path, kept))
        shown[_node(atlas, schema, name)] = _names(kept)
    lines += _edges(atlas, [*parents, *children], shown)
    lines.append(_caption(_LEGEND))
    if atlas.tenancy and table.name == atlas.tenancy[1]:
        lines.append(_note(atlas, table))
    about = (
        f"Table {table.name} with its {_count(len(table.columns), 'column')},"
        f" {_count(len({k.to_table for k in parents}), 'table')} that it refers to"
        f" and {_count(len({k.table for k in children}), 'table')} that refer to it."
    )
    return dot.picture(f"{table.name} and its neighbours", about + _hidden(atlas), lines)


def _note(atlas: _Atlas, table: Relation) -> str:
    """Returns a word for the many edges that are not drawn."""
    number = sum(atlas.is_tenancy(key) for key in table.referenced_by)
    text = f"{_count(number, 'table')} refer to it by {atlas.tenancy[0] if atlas.tenancy else ''}"
    told = attributes(shape="note", label=text, fontcolor=dot.FAINT, width=_inches(text))
    edge = attributes(style="dotted", arrowhead="none")
    return f'"*all*" {told}; "*all*" -> {quoted(table.name)}:head:e {edge};'


def _cluster(title: str, place: int, boxes: list[str]) -> list[str]:
    if not title:
        return boxes
    return [
        f"subgraph {quoted(f'cluster {place}')} {{",
        f"  label=<<B>{html(title)}</B>>; labeljust=r; fontsize=11; margin=8;",
        f'  style="filled,rounded"; color="{_shade(place).ground}";',
        *(f"  {box}" for box in boxes),
        "}",
    ]


def _referring(atlas: _Atlas, table: Relation) -> list[Column]:
    """Returns the columns of a table that refer to another, but for the tenant."""
    names = {
        name
        for key in table.foreign_keys
        if not atlas.is_tenancy(key)
        for name in atlas.columns(key)
    }
    return [one for one in table.columns if one.name in names]


def _keys(atlas: _Atlas, table: Relation) -> list[Column]:
    """Returns the columns of the keys of a table, its unique ones included."""
    names = {one.name for one in _referring(atlas, table)}
    for constraint in table.constraints:
        if constraint.kind in {"primary key", "unique"}:
            names.update(constraint.columns)
    return [one for one in table.columns if one.name in names]


def _box(
    atlas: _Atlas,
    table: Relation,
    path: str,
    columns: Sequence[Column],
    *,
    typed: bool = False,
    main: bool = False,
) -> str:
    """Returns a table as a box of rows.

    Args:
        atlas: what all pictures share.
        table: the table.
        path: of the picture.
        columns: those to show.
        typed: whether each has its type and the keys that it is in.
        main: whether the picture is about this table.
    """
    marks = [_marks(table, one.name) for one in columns] if typed else []
    names = max((room(one.name, bold=True) for one in columns), default=0)
    types = max((room(shortened(one.type), 9) for one in columns), default=0) if typed else 0
    sides = max((room(one, 8) for one in marks), default=0)
    across = 3 if typed else 1
    head = room(table.name, 11, bold=True)
    names = max(names, head - types - sides)
    tint = atlas.shade(table.name).head
    rows = [
        f'<TR><TD PORT="head" COLSPAN="{across}" ALIGN="LEFT" BGCOLOR="{tint}"'
        f' WIDTH="{max(head, names + types + sides) + 8}">'
        f'<FONT POINT-SIZE="11"><B>{html(table.name)}</B></FONT></TD></TR>'
    ]
    for place, one in enumerate(columns):
        text = f"<B>{html(one.name)}</B>" if one.name in table.primary_key else html(one.name)
        port = f"c{one.position}"
        cells = f'<TD PORT="{port}" ALIGN="LEFT" WIDTH="{names + 8}">{text}</TD>'
        if typed:
            told = f"{shortened(one.type)}{'' if one.not_null else '?'}"
            cells += (
                f'<TD ALIGN="LEFT" WIDTH="{types + 14}"><FONT POINT-SIZE="9"'
                f' COLOR="{dot.FAINT}">{html(told)}</FONT></TD>'
                f'<TD ALIGN="RIGHT" WIDTH="{sides + 6}">'
                f'<FONT POINT-SIZE="8" COLOR="{dot.FAINT}">{marks[place] or " "}</FONT></TD>'
            )
        rows.append(f"<TR>{cells}</TR>")
    label = (
        f'<<TABLE BORDER="{2 if main else 1}" CELLBORDER="0" CELLSPACING="0" CELLPADDING="2"'
        f' BGCOLOR="{dot.BOX}">{"".join(rows)}</TABLE>>'
    )
    link = posixpath.relpath(table_page(table.name), posixpath.dirname(path))
    told = attributes(URL=link, target="_top", tooltip=summary(table.comment) or table.name)
    return f"{quoted(table.name)} [label={label}, {told[1:]};"


def _other(atlas: _Atlas, schema: str, table: str, path: str) -> str:
    """Returns a table by its name alone, one of another schema with that too."""
    own = schema == atlas.schema.name
    name = _node(atlas, schema, table)
    known = atlas.schema.tables.get(table) if own else None
    tint = atlas.shade(table).head if known else dot.GROUND
    label = (
        f'<<TABLE BORDER="1" CELLBORDER="0" CELLSPACING="0" CELLPADDING="3" BGCOLOR="{tint}"'
        f'{"" if own else _DASHED}><TR><TD PORT="head" WIDTH="{room(name) + 8}">{html(name)}'
        "</TD></TR></TABLE>>"
    )
    link = posixpath.relpath(table_page(table), posixpath.dirname(path)) if known else None
    told = attributes(
        URL=link,
        target="_top" if known else None,
        tooltip=(summary(known.comment) if known else "") or name,
    )
    return f"{quoted(name)} [label={label}, {told[1:]};"


def _node(atlas: _Atlas, schema: str, table: str) -> str:
    return table if schema == atlas.schema.name else f"{schema}.{table}"


def _edges(atlas: _Atlas, keys: Iterable[ForeignKey], shown: _Shown) -> list[str]:
    """Returns foreign keys as edges, from the child on the right to its parent on the left.

    Args:
        atlas: what all pictures share.
        keys: the foreign keys; those with an end that is not shown are passed over.
        shown: the columns that are shown, by node.
    """
    lines = []
    for key in keys:
        child, parent = (
            _node(atlas, key.schema, key.table),
            _node(atlas, key.to_schema, key.to_table),
        )
        if child not in shown or parent not in shown or atlas.is_tenancy(key):
            continue
        table = atlas.schema.tables.get(child)
        ports = [one for one in atlas.columns(key) if one in shown[child]]
        told = attributes(
            dir="both",
            color=atlas.shade(parent).line if parent in atlas.tables else None,
            arrowhead="teeodot" if table and is_optional(table, key.columns) else "tee",
            arrowtail="tee" if table and is_unique(table, key.columns) else "crow",
            edgetooltip=f"{key.name}: {child} ({', '.join(key.columns)}) to {parent}"
            f" ({', '.join(key.to_columns)})",
        )
        # The last column of a key is its own; those before it are shared with others.
        last = table.column(ports[-1]) if table and ports else None
        start = f"c{last.position}" if last else "head"
        lines.append(f"{quoted(child)}:{start}:w -> {quoted(parent)}:head:e {told};")
    return lines


def _marks(table: Relation, column: str) -> str:
    """Returns in which keys of a table a column is."""
    marks = ["PK"] if column in table.primary_key else []
    if any(column in key.columns for key in table.foreign_keys):
        marks.append("FK")
    if any(one.kind == "unique" and column in one.columns for one in table.constraints):
        marks.append("UQ")
    return " ".join(marks)


def _machine(machine: Machine) -> str:
    lines = [
        "ranksep=0.35; nodesep=0.2;",
        'node [shape=box, style="rounded,filled", margin="0.12,0.06", height=0.35];',
        "edge [arrowsize=0.7];",
        f'"*new*" [shape=circle, style=filled, fillcolor="{dot.TEXT}", label="", width=0.16,'
        ' height=0.16, fixedsize=true, tooltip="a new row"];',
    ]
    for state in machine.states:
        final = machine.is_final(state)
        told = attributes(
            fillcolor=dot.FINAL if final else dot.OPEN,
            peripheries=2 if final else 1,
            width=_inches(state),
            tooltip=f"{state}: final, never left" if final else state,
        )
        lines.append(f"{quoted(state)} {told};")
    back = _back(machine)
    for one in machine.transitions:
        who = machine.who(one)
        told = attributes(
            style="dashed" if one.needs_reason else None,
            color=dot.MARKED if one.needs_reason else None,
            edgetooltip=f"{one.source or 'new row'} to {one.target}: {one.description}",
        )
        # A way back from the top of a box to the foot of another is told from those that leave it.
        start, end = (":n", ":s") if one in back else ("", "")
        lines.append(
            f"{quoted(one.source or '*new*')}{start} -> {quoted(one.target)}{end}"
            f" [label={_label(who)}, {told[1:]};"
        )
    lines.append(_caption(_legend(machine)))
    return dot.picture(f"States of a {machine.entity}", _tell(machine), lines)


def _back(machine: Machine) -> set[Transition]:
    """Returns the transitions that lead back, found in the way in which Graphviz finds them."""
    back: set[Transition] = set()
    done: set[str | None] = set()

    def follow(state: str | None, above: frozenset[str | None]) -> None:
        done.add(state)
        for one in machine.transitions:
            if one.source == state:
                if one.target in above:
                    back.add(one)
                elif one.target not in done:
                    follow(one.target, above | {one.target})

    for state in (None, *machine.states):
        if state not in done:
            follow(state, frozenset({state}))
    return back


def _legend(machine: Machine) -> str:
    """Returns what the lines and words of the picture of a state machine mean."""
    told = {machine.who(one) for one in machine.transitions}
    parts = [f"anyone: {', '.join(machine.actors)}"] if "anyone" in told else []
    parts += [f"{one}: all of them but this" for one in sorted(told) if one.startswith("not ")]
    if any(machine.is_final(one) for one in machine.states):
        parts.append("double border: final")
    if any(one.needs_reason for one in machine.transitions):
        parts.append("dashed: only for a reason")
    return "; ".join(parts)


def _tell(machine: Machine) -> str:
    """Returns a state machine in words, for those who cannot see it."""
    final = [one for one in machine.states if machine.is_final(one)]
    transitions = _count(len(machine.transitions), "transition")
    return (
        f"{_count(len(machine.states), 'state')} and {transitions}."
        f" A row begins as {', '.join(machine.starts) or 'anything'}."
        + (f" Final: {', '.join(final)}." if final else " No state is final.")
    )


def _label(text: str) -> str:
    return (
        '<<TABLE BORDER="0" CELLBORDER="0" CELLSPACING="0" CELLPADDING="1">'
        f'<TR><TD WIDTH="{room(text, 9)}"><FONT POINT-SIZE="9" COLOR="{dot.FAINT}">{html(text)}'
        "</FONT></TD></TR></TABLE>>"
    )


def _caption(text: str) -> str:
    """Returns words below a picture, broken so that they do not make it wider."""
    lines = "".join(
        f'<TR><TD ALIGN="LEFT">{html(line)}</TD></TR>' for line in textwrap.wrap(text, 56)
    )
    table = f'<TABLE BORDER="0" CELLBORDER="0" CELLSPACING="0" CELLPADDING="1">{lines}</TABLE>'
    return f'label=<{table}>; labelloc=b; labeljust=l; fontsize=8; fontcolor="{dot.FAINT}";'


def _inches(text: str) -> str:
    return f"{(room(text) + 12) / 72:.2f}"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def _hidden(atlas: _Atlas) -> str:
    if atlas.tenancy is None:
        return ""
    column, table = atlas.tenancy
    return f" Not drawn: {column}, by which nearly every table refers to {table}."
