"""One page a function: what it does, how to call it, what it refuses, and its text."""

from __future__ import annotations

from collections.abc import Iterable

from ticket_schema.docs import example, markdown, relation
from ticket_schema.docs.bodies import Body, Reached, condition_of
from ticket_schema.docs.comments import summary
from ticket_schema.docs.identifiers import identifier
from ticket_schema.docs.links import Links
from ticket_schema.docs.model import Argument, Function, Source, function_page
from ticket_schema.docs.relation import Section

INDEX = "functions/README.md"

_VOLATILITY = {
    "IMMUTABLE": "IMMUTABLE: the same arguments always give the same answer",
    "STABLE": "STABLE: changes nothing, and gives one answer within a statement",
    "VOLATILE": "VOLATILE: may change rows, and is run for every call",
}


def pages(source: Source) -> dict[str, str]:
    """Returns the page of each function and a list of them all.

    Args:
        source: what the pages are made from.
    """
    made = {
        function_page(name): _page(source, name, functions)
        for name, functions in source.schema.overloads.items()
    }
    return {**made, INDEX: _index(source)} if made else {}


def _page(source: Source, name: str, functions: list[Function]) -> str:
    links = Links(source, function_page(name))
    if len(functions) == 1:
        [function] = functions
        intro = [links.prose(function.comment), _signature(function, source), _glance(function)]
        return relation.page(name, intro, _sections(source, function, links))
    # Headings have to differ, so each of several of one name is a section of its own.
    sections = [
        (
            markdown.escape(one.key),
            relation.paragraphs(
                links.prose(one.comment),
                _signature(one, source),
                _glance(one),
                *(f"**{heading}**\n\n{text}" for heading, text in _sections(source, one, links)
                  if text),
            ),
        )
        for one in functions
    ]  # fmt: skip
    return relation.page(name, [f"{len(functions)} functions have this name."], sections)


def _sections(source: Source, function: Function, links: Links) -> list[Section]:
    return [
        ("Arguments", _arguments(function, {"in", "inout", "variadic"})),
        ("Result", _result(function)),
        ("Example", _example(function, source)),
        ("Errors", _errors(function, links)),
        ("Tables it touches", _touched(function, links)),
        ("Triggers that call it", _triggers(function, links)),
        ("Calls and callers", _calls(function, links)),
        ("Tables and views that use it", _used_by(function, links)),
        ("Source", markdown.fenced(function.definition)),
    ]


def _signature(function: Function, source: Source) -> str:
    given = [one for one in function.arguments if one.mode not in {"out", "table"}]
    lines = [
        f"    {'' if one.mode == 'in' else one.mode.upper() + ' '}"
        f"{identifier(one.name) + ' ' if one.name else ''}{one.type}"
        f"{f' DEFAULT {one.default}' if one.default else ''}"
        for one in given
    ]
    arguments = "\n" + ",\n".join(lines) + "\n" if lines else ""
    returns = f"\nRETURNS {function.returns}" if function.returns else ""
    if len(function.returns or "") > 80:  # noqa: PLR2004 - a line of a screen
        returns = returns.replace("(", "(\n    ", 1).replace(", ", ",\n    ")
        returns = returns.removesuffix(")") + "\n)"
    name = f"{identifier(source.schema.name)}.{identifier(function.name)}"
    return markdown.fenced(f"{name}({arguments}){returns}")


def _glance(function: Function) -> str:
    callers = [markdown.code(role) for role in function.execute]
    runs = (
        f"**the rights of {markdown.code(function.owner)}**, whoever calls it (SECURITY DEFINER)"
        if function.security == "DEFINER"
        else "the rights of who calls it"
    )
    rows = [
        ("May be called by", relation.names(callers) if callers else "its owner alone"),
        ("Runs with", runs),
        ("Owner", markdown.code(function.owner)),
        ("Volatility", _VOLATILITY[function.volatility]),
        ("In parallel plans", function.parallel),
        ("Language", function.language),
    ]
    if function.kind != "function":
        rows.insert(0, ("Kind", function.kind))
    if function.strict:
        rows.append(("Given NULL", "answers NULL and does nothing (STRICT)"))
    if function.leakproof:
        rows.append(("Leakproof", "yes"))
    if function.settings:
        rows.append(("Settings", relation.names(markdown.code(one) for one in function.settings)))
    return markdown.table(["", ""], rows)


def _arguments(function: Function, modes: set[str]) -> str:
    rows = [
        [
            markdown.code(one.name or f"${place}"),
            markdown.code(one.type),
            "" if one.mode in {"in", "table", "out"} else one.mode.upper(),
            markdown.code(one.default) if one.default else _needed(one),
        ]
        for place, one in enumerate(function.arguments, 1)
        if one.mode in modes
    ]
    if any(row[2] for row in rows):
        return markdown.table(["argument", "type", "mode", "default"], rows)
    return markdown.table(
        ["argument", "type", "default"], [[row[0], row[1], row[3]] for row in rows]
    )


def _needed(argument: Argument) -> str:
    return "" if argument.mode == "variadic" else "must be given"


def _result(function: Function) -> str:
    if function.is_trigger:
        return ""
    rows = [
        [markdown.code(one.name or ""), markdown.code(one.type)]
        for one in function.arguments
        if one.mode in {"table", "out", "inout"}
    ]
    if rows:
        many = (function.returns or "").startswith(("TABLE", "SETOF"))
        return relation.paragraphs(
            "Rows of:" if many else "One row of:", markdown.table(["column", "type"], rows)
        )
    if function.returns in {None, "void"}:
        return "Nothing." if function.returns else ""
    return f"{markdown.code(function.returns or '')}."


def _example(function: Function, source: Source) -> str:
    text = example.call(function, source.schema.name)
    return markdown.fenced(text) if text else ""


def _errors(function: Function, links: Links) -> str:
    body, further = links.source.bodies[function.key], links.source.reached[function.key]
    own = markdown.table(
        ["SQLSTATE", "name", "meaning", "HTTP", "what to do"],
        [_meaning(code, links) for code in body.raises],
    )
    rows = [
        [links.error(code), _name(code, links), relation.names(_keys(names, links))]
        for code, names in further.raises.items()
        if code not in body.raises
    ]
    passed = markdown.table(["SQLSTATE", "name", "raised by"], rows)
    warns = relation.names(links.error(code) for code in body.warns)
    return relation.paragraphs(
        own,
        f"It warns with {warns}." if body.warns else "",
        "What it calls and the triggers that it sets off may raise:" if rows else "",
        passed,
    )


def _name(code: str, links: Links) -> str:
    told = links.source.errors.get(code)
    return markdown.code(told.name if told else condition_of(code))


def _meaning(code: str, links: Links) -> list[str]:
    told = links.source.errors.get(code)
    rest = (
        [links.quoted(told.meaning), told.http, links.quoted(told.remedy)]
        if told
        else ["A code of PostgreSQL itself." if condition_of(code) else "", "", ""]
    )
    return [links.error(code), _name(code, links), *rest]


def _keys(keys: Iterable[str], links: Links) -> list[str]:
    functions = links.source.schema.functions
    return [links.function(functions[key].name) for key in keys if key in functions]


def _touched(function: Function, links: Links) -> str:
    """Returns the tables that a function reads, writes and locks, by itself and through others."""
    body, further = links.source.bodies[function.key], links.source.reached[function.key]
    own = {*body.reads, *body.writes, *(lock.table for lock in body.row_locks)}
    own |= {table for table, _ in body.table_locks}
    rows = [
        [
            links.relation(table),
            "yes" if table in body.reads else "",
            "; ".join(
                f"{command} {relation.names(map(markdown.code, columns))}" if columns else command
                for command, columns in body.writes.get(table, {}).items()
            ),
            ", ".join(_locks(body, table)),
        ]
        for table in sorted(own)
    ]
    notes = [f"- takes the lock {markdown.code(one)}" for one in body.advisory_locks]
    notes += [f"- reads the setting {markdown.code(one)}" for one in body.settings_read]
    notes += [f"- sets {markdown.code(one)}" for one in body.settings_written]
    notes += [f"- runs SQL made at run time: {markdown.code(one)}" for one in body.dynamic]
    if body.unread:
        notes.append(f"- its body was not read: {markdown.escape(body.unread)}")
    advisory = [
        f"- the lock {markdown.code(one)}"
        for one in further.advisory_locks
        if one not in body.advisory_locks
    ]
    unknown = [
        f"- what is not seen in {one}: SQL made at run time, or another language"
        for one in _keys(further.dynamic, links)
    ]
    through = relation.paragraphs(
        markdown.table(["table", "reads", "writes", "locks rows"], _further(body, further, links)),
        "\n".join([*advisory, *unknown]),
    )
    return relation.paragraphs(
        markdown.table(["table", "reads", "writes", "locks rows"], rows),
        "\n".join(notes),
        "What it calls and the triggers that it sets off may do as well:" if through else "",
        through,
    )


def _further(body: Body, further: Reached, links: Links) -> list[list[str]]:
    """Returns what others do for a function at tables and it does not itself, a row a table."""
    rows = []
    for table in sorted(
        {*further.reads, *further.writes, *(o.table for o in further.row_locks)}
        | {table for table, _ in further.table_locks}
    ):
        reads = table in further.reads and table not in body.reads
        writes = [
            command
            for command in further.writes.get(table, ())
            if command not in body.writes.get(table, {})
        ]
        own = _locks(body, table)
        locks = [one for one in _locks(further, table) if one not in own]
        if reads or writes or locks:
            rows.append(
                [
                    links.relation(table),
                    "yes" if reads else "",
                    ", ".join(writes),
                    ", ".join(locks),
                ]
            )
    return rows


def _locks(told: Body | Reached, table: str) -> list[str]:
    found = [f"{one.strength} {one.wait}".strip() for one in told.row_locks if one.table == table]
    return [*found, *(f"LOCK TABLE {mode}" for name, mode in told.table_locks if name == table)]


def _calls(function: Function, links: Links) -> str:
    further = links.source.reached[function.key]
    direct = links.source.bodies[function.key].calls
    callers = sorted(
        key
        for key, body in links.source.bodies.items()
        if function.key in body.calls and key != function.key
    )
    indirect = [key for key in further.called if key not in direct]
    told = [
        ("Calls", direct),
        ("Calls through those", indirect),
        ("Sets off, by triggers", further.fired),
        ("Is called by", callers),
    ]
    return "\n".join(
        f"- {what}: {relation.names(_keys(keys, links))}" for what, keys in told if keys
    )


def _triggers(function: Function, links: Links) -> str:
    rows = [
        [links.relation(one.table), markdown.code(one.name), links.prose(one.comment)]
        for one in links.source.schema.triggers_of(function.name)
    ]
    return markdown.table(["table", "trigger", "what it does"], rows)


def _used_by(function: Function, links: Links) -> str:
    return "\n".join(
        f"- {links.relation(name)}: {', '.join(where)}"
        for name, where in links.source.schema.uses.get(function.name, {}).items()
    )


def _index(source: Source) -> str:
    links = Links(source, INDEX)
    groups: dict[str, list[list[str]]] = {
        "Functions to call": [],
        "Functions of triggers": [],
        "Functions for the others": [],
    }
    for name, functions in source.schema.overloads.items():
        first = functions[0]
        row = [links.function(name), links.prose(summary(first.comment))]
        roles = sorted({role for one in functions for role in one.execute})
        if first.is_trigger:
            groups["Functions of triggers"].append(row)
        elif roles:
            row.append(relation.names(markdown.code(role) for role in roles))
            groups["Functions to call"].append(row)
        else:
            groups["Functions for the others"].append(row)
    heads = ["function", "what it does", "may be called by"]
    sections = [
        (title, markdown.table(heads[: len(rows[0])] if rows else heads, rows))
        for title, rows in groups.items()
    ]
    return relation.page("Functions", [], sections)
