"""Who may touch which rows, what is privileged, and which session variables decide it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ticket_schema import lint
from ticket_schema.docs import markdown, relation
from ticket_schema.docs.access import COMMANDS, PUBLIC, Cell, matrix, roles, worth_a_look
from ticket_schema.docs.bodies import AT_RUN_TIME, Body, Names, expression
from ticket_schema.docs.links import Links
from ticket_schema.docs.model import Function, Policy, Relation, Source

# Short, for narrow screens.
_NONE = "-"

MATRIX = "rights.md"
PRIVILEGED = "privileged.md"
VARIABLES = "session-variables.md"

_LIMITS = """\
- TRUNCATE is not subject to row level security: the right alone decides. Nor are the checks of \
foreign keys, which see every row; so may an error of a unique key tell that a row is there.
- Permissive policies are joined by OR, restrictive ones by AND; without a permissive one there is \
no row at all.
- UPDATE and DELETE that read a row, in WHERE or RETURNING, need what SELECT needs: the right, and \
the policies for SELECT as well. So does INSERT with RETURNING or ON CONFLICT.
- A policy for INSERT or UPDATE also tests the new row; when it fails, the error is 42501. Rows \
that a policy hides are left out without an error.
- A SECURITY DEFINER function runs with the rights of its owner, a view without security_invoker \
with those of the view's owner: [the privileged surface](privileged.md).
- Superusers and roles with BYPASSRLS pass by everything here. Logins and memberships of a live \
server are not part of the schema, and not on this page.
- A query of a partitioned table is bound by the policies of the table it names alone.\
"""


def pages(source: Source) -> dict[str, str]:
    """Returns the page of the rights, of the privileged surface and of the session variables.

    Args:
        source: what the pages are made from.
    """
    if not source.schema.tables:
        return {}
    made = {MATRIX: _matrix_page(source), PRIVILEGED: _privileged_page(source)}
    settings = _Settings(source, source.bodies)
    if settings.names:
        made[VARIABLES] = _variables_page(source, settings)
    return made


# -- rights.md


def _matrix_page(source: Source) -> str:
    links = Links(source, MATRIX)
    cells = matrix(source)
    named = roles(source)
    prefix = f"{source.schema.name}_"
    heads = [one.removeprefix(prefix) for one in named]
    rows = []
    for name in source.schema.tables:
        row = [f"[{markdown.code(name)}](#{markdown.anchor(name)})"]
        for role in named:
            own = [one for one in cells if (one.table, one.role) == (name, role)]
            row.append(" ".join(_mark(one) for one in own if one.outcome != "no grant") or _NONE)
        rows.append(row)
    short = any(role != head for role, head in zip(named, heads, strict=True))
    legend = (
        "S, I, U and D are SELECT, INSERT, UPDATE and DELETE, for the rows that policies let"
        " through. **°** marks a right on some columns, **\\*** one on all rows, past row level"
        " security, **!** one without a policy, so on no row. What is not there is not granted and"
        " is refused with 42501."
        + (
            f" Roles are shown without {markdown.code(prefix)}; PUBLIC is every other role."
            if short
            else " PUBLIC is every other role."
        )
    )
    odd = [
        f"- {links.relation(name)}: {markdown.escape(text)}"
        for name, text in worth_a_look(source, cells)
    ]
    parts = [
        "# Rights",
        legend,
        "[All tables](#all-tables) · [Worth a look](#worth-a-look)"
        " · [What this page cannot say](#what-this-page-cannot-say) · [Views](#views)",
        "## All tables",
        markdown.table(["table", *heads], rows),
        "## Worth a look",
        "\n".join(odd)
        or "Nothing: each policy has its grant, each grant its policy, and row level"
        " security binds owners too.",
        "## What this page cannot say",
        _LIMITS,
        "## Views",
        _views(source, links, named, heads),
    ]
    writers = _definer_writers(source)
    for table in source.schema.tables.values():
        parts += [
            f"## {markdown.escape(table.name)}",
            _details(table, [one for one in cells if one.table == table.name], links, writers),
        ]
    return relation.paragraphs(*parts) + "\n"


def _mark(cell: Cell) -> str:
    sign = {"denied": "!", "all rows": "\\*"}.get(cell.outcome, "")
    return cell.command[0] + ("°" if cell.columns is not None else "") + sign


def _details(
    table: Relation, cells: list[Cell], links: Links, writers: Mapping[str, list[tuple[str, str]]]
) -> str:
    rows = [
        [
            one.command,
            markdown.code(one.role),
            _columns(table, one),
            _rows(table, one),
        ]
        for one in sorted(cells, key=lambda one: COMMANDS.index(one.command))
        if one.outcome != "no grant"
    ]
    lead = [f"The words of the policies are on the page of {links.relation(table.name)}."]
    if not rows:
        lead = ["Nobody has a right on it, its owner included."]
    elif not table.row_security:
        lead = ["Row level security is off: a right is one on all rows."]
    past = writers.get(table.name, [])
    told = ", ".join(f"{links.function(name)} ({what})" for name, what in past)
    return relation.paragraphs(
        " ".join(lead),
        markdown.table(["command", "role", "columns", "rows"], rows),
        f"Written with the rights of their owner, whoever calls them: {told}." if told else "",
    )


def _columns(table: Relation, cell: Cell) -> str:
    if cell.columns is None:
        return "all"
    lacking = [one.name for one in table.columns if one.name not in cell.columns]
    if len(lacking) < len(cell.columns) / 2:
        return "all but " + ", ".join(markdown.code(one) for one in lacking)
    return ", ".join(markdown.code(one) for one in cell.columns)


def _rows(table: Relation, cell: Cell) -> str:
    if cell.outcome == "all rows":
        return f"**all**: {cell.why}"
    if cell.outcome == "denied":
        return "**none**: no policy for it"
    open_to_all = {one.name for one in table.policies if (one.using or one.with_check) == "true"}
    permissive = [
        markdown.code(one) + (" (**every row**)" if one in open_to_all else "")
        for one in cell.permissive
    ]
    text = " or ".join(permissive)
    if cell.restrictive:
        text = f"({text})" if len(permissive) > 1 else text
        text += "".join(f" and {markdown.code(one)}" for one in cell.restrictive)
    return text


def _views(source: Source, links: Links, named: list[str], heads: list[str]) -> str:
    rows = []
    for view in source.schema.views.values():
        row = [links.relation(view.name), _whose_rights(view)]
        for role in named:
            if role == PUBLIC:
                given = [one for one in COMMANDS if f"PUBLIC: {one}" in view.grants]
            else:
                given = [one for one in COMMANDS if view.rights.get(role, {}).get(one)]
            row.append(" ".join(one[0] for one in given) or _NONE)
        rows.append(row)
    return markdown.table(["view", "rows by the rights of", *heads], rows) or "There are none."


def _whose_rights(view: Relation) -> str:
    if view.kind == "materialized view":
        return "everybody: its rows are a copy"
    if any(one in ("security_invoker=true", "security_invoker=on") for one in view.options):
        return "who asks"
    return f"**its owner, {markdown.code(view.owner)}**"


def _definer_writers(source: Source) -> dict[str, list[tuple[str, str]]]:
    """Returns, by table, the definer functions that write it, each with its commands."""
    found: dict[str, list[tuple[str, str]]] = {}
    for key, body in source.bodies.items():
        function = source.schema.functions[key]
        if function.security == "DEFINER":
            for table, commands in body.writes.items():
                told = ", ".join(
                    _command(one, commands[one]) for one in COMMANDS if one in commands
                )
                found.setdefault(table, []).append((function.name, told))
    return found


def _command(command: str, columns: Iterable[str]) -> str:
    if command == "UPDATE" and columns:
        return f"UPDATE of {', '.join(markdown.code(one) for one in columns)}"
    return command


# -- privileged.md


def _privileged_page(source: Source) -> str:
    links = Links(source, PRIVILEGED)
    allowed = lint.allowed() if source.schema.name == "ticketing" else {}
    sections = [
        ("Functions that run as their owner", _definers(source, links, allowed)),
        *_crossing(source, links, allowed),
        ("Tables without row level security", _unprotected(source, links, allowed)),
        ("Roles", _role_table(source)),
        ("Owners", _owners(source)),
        ("Granted to PUBLIC", _public(source, links)),
        ("TRUNCATE and REFERENCES", _beyond(source, links)),
        ("Views that run as their owner", _definer_views(source, links)),
        ("Default privileges", _defaults(source)),
    ]
    lead = (
        "Everything that reaches further than the caller's own rights and rows."
        " The ordinary rights are on the page of [rights](rights.md)."
    )
    return relation.page("Privileged surface", [lead], sections)


def _definers(source: Source, links: Links, allowed: Mapping[str, Mapping[str, str]]) -> str:
    rows = []
    for function in source.schema.functions.values():
        if function.security == "DEFINER":
            path = any(one.startswith("search_path=") for one in function.settings)
            callers = "triggers" if function.is_trigger else _names(function.execute)
            rows.append(
                [
                    links.function(function.name),
                    markdown.code(function.owner),
                    callers + ("" if path else " **(no fixed search_path)**"),
                    markdown.escape(allowed.get("definers", {}).get(_signature(function), "")),
                ]
            )
    if not rows:
        return "There are none."
    return markdown.table(["function", "runs as", "may be called by", "why"], rows)


def _signature(function: Function) -> str:
    given = [one.type for one in function.arguments if one.mode in ("in", "inout", "variadic")]
    return f"{function.name}({', '.join(given)})"


def _crossing(
    source: Source, links: Links, allowed: Mapping[str, Mapping[str, str]]
) -> list[tuple[str, str]]:
    """Returns a section a role with the policies that the lint lets cross tenants, and why."""
    reasons = {**allowed.get("tenant_in_policies", {}), **allowed.get("unbounded_policies", {})}
    by_role: dict[str, list[list[str]]] = {}
    for table in source.schema.tables.values():
        for policy in table.policies:
            reason = reasons.get(f"{table.name}.{policy.name}")
            if reason is not None:
                by_role.setdefault(", ".join(policy.roles), []).append(
                    [
                        links.relation(table.name),
                        policy.command,
                        _test(policy),
                        markdown.escape(reason),
                        markdown.code(policy.name),
                    ]
                )
    heads = ["table", "command", "lets through", "why", "policy"]
    return [
        (f"Across tenants: {markdown.escape(role)}", markdown.table(heads, rows))
        for role, rows in sorted(by_role.items(), reverse=True)
    ]


def _test(policy: Policy) -> str:
    text = policy.using or policy.with_check or ""
    return "**every row**" if text == "true" else markdown.code(text)


def _unprotected(source: Source, links: Links, allowed: Mapping[str, Mapping[str, str]]) -> str:
    rows = [
        [
            links.relation(table.name),
            "off" if not table.row_security else "does not bind its owner",
            markdown.escape(allowed.get("row_security", {}).get(table.name, "")),
        ]
        for table in source.schema.tables.values()
        if not (table.row_security and table.row_security_forced)
    ]
    if not rows:
        return "There are none: it is on and forced everywhere."
    return markdown.table(["table", "row level security", "why"], rows)


_POWERS = {
    "superuser": "SUPERUSER",
    "bypasses_rls": "BYPASSRLS",
    "creates_roles": "CREATEROLE",
    "creates_databases": "CREATEDB",
    "replicates": "REPLICATION",
    "login": "LOGIN",
}


def _role_table(source: Source) -> str:
    facts = source.snapshot["objects"].get("role", {})
    rows = [
        [
            markdown.code(name),
            ", ".join(f"**{word}**" for key, word in _POWERS.items() if one.get(key)) or "none",
            _names(one.get("member_of") or ()),
        ]
        for name, one in facts.items()
    ]
    if not rows:
        return "The roles are not part of this schema; ask `pg_roles` of the server."
    return relation.paragraphs(
        markdown.table(["role", "powers", "member of"], rows),
        "Logins are made by each deployment and are members of these.",
    )


def _owners(source: Source) -> str:
    owned: dict[str, dict[str, int]] = {}
    for kind, names in source.snapshot["objects"].items():
        for definition in names.values():
            owner = definition.get("owner")
            if owner:
                kinds = owned.setdefault(owner, {})
                kinds[kind] = kinds.get(kind, 0) + 1
    rows = []
    for owner, kinds in sorted(owned.items()):
        told = ", ".join(f"{number} {_plural(kind, number)}" for kind, number in kinds.items())
        rows.append([markdown.code(owner), told])
    return markdown.table(["owner", "of"], rows)


def _plural(kind: str, number: int) -> str:
    if number == 1:
        return kind
    return kind + ("es" if kind.endswith("x") else "s")


def _public(source: Source, links: Links) -> str:
    found = []
    for kind, names in source.snapshot["objects"].items():
        for name, definition in names.items():
            rights = [
                one.partition(": ")[2]
                for one in definition.get("grants") or ()
                if isinstance(one, str) and one.startswith("PUBLIC: ")
            ]
            if rights:
                shown = links.relation(name) if kind in ("table", "view") else markdown.code(name)
                found.append(f"- {kind} {shown}: {', '.join(rights)}")
    return "\n".join(found) or "Nothing: neither the schema, nor a table, nor a function."


def _beyond(source: Source, links: Links) -> str:
    rows = [
        [links.relation(table.name), right, markdown.code(role)]
        for table in source.schema.tables.values()
        for role, rights in table.rights.items()
        for right in ("TRUNCATE", "REFERENCES")
        if rights.get(right) and role != table.owner
    ]
    if not rows:
        return "Owners alone have them; row level security holds for neither."
    return markdown.table(["table", "right", "role"], rows)


def _definer_views(source: Source, links: Links) -> str:
    found = [
        f"- {links.relation(view.name)}: {_whose_rights(view)}"
        for view in source.schema.views.values()
        if _whose_rights(view) != "who asks"
    ]
    return "\n".join(found) or "There are none: each has `security_invoker`."


def _defaults(source: Source) -> str:
    rows = [
        [markdown.escape(name), _names(one.get("grants") or ())]
        for name, one in source.snapshot["objects"].get("default privileges", {}).items()
    ]
    return markdown.table(["of new", "are granted"], rows)


# -- session-variables.md


class _Settings:
    """Who reads and who sets each variable of the session."""

    def __init__(self, source: Source, found: Mapping[str, Body]) -> None:
        self.source = source
        self.found = found
        self.names = sorted(
            {
                name
                for body in found.values()
                for name in (*body.settings_read, *body.settings_written)
                # Without a dot it is the server's own.
                if "." in name and name != AT_RUN_TIME
            }
        )
        self._expressions = list(self._all_expressions())

    def readers(self, name: str) -> list[str]:
        return [key for key, body in self.found.items() if name in body.settings_read]

    def writers(self, name: str) -> list[str]:
        return [key for key, body in self.found.items() if name in body.settings_written]

    def through(self, name: str) -> set[str]:
        """Returns the functions that read it, by themselves or through what they call."""
        found = set(self.readers(name))
        while True:
            more = {key for key, body in self.found.items() if set(body.calls) & found} - found
            if not more:
                return found
            found |= more

    def used(self, name: str) -> dict[str, dict[str, int]]:
        """Returns where the catalog asks for it: from a kind of place to tables, to how often."""
        through = self.through(name)
        used: dict[str, dict[str, int]] = {
            kind: {} for kind in ("policies", "triggers", "defaults", "views")
        }
        for kind, table, body in self._expressions:
            if name in body.settings_read or set(body.calls) & through:
                used[kind][table] = used[kind].get(table, 0) + 1
        return {kind: tables for kind, tables in used.items() if tables}

    def _all_expressions(self) -> Iterable[tuple[str, str, Body]]:
        names = Names(self.source.snapshot)
        for table in self.source.schema.tables.values():
            texts: list[tuple[str, str | None]] = []
            for policy in table.policies:
                both = " AND ".join(f"({one})" for one in (policy.using, policy.with_check) if one)
                texts.append(("policies", both))
            for column in table.columns:
                texts.append(("defaults", column.default or column.generated))
            for trigger in table.triggers:
                key = f"{trigger.function}()"
                if key in self.found:
                    yield "triggers", table.name, Body(calls=(key,))
            for kind, text in texts:
                if text:
                    yield kind, table.name, expression(names, text)
        for view in self.source.schema.views.values():
            if view.query:
                yield "views", view.name, expression(names, view.query, statement=True)


def _variables_page(source: Source, settings: _Settings) -> str:
    links = Links(source, VARIABLES)
    lead = (
        "What a session says about itself, for one transaction. Anybody who may run SQL can set"
        " any of them to any text; what that does is told by the function that reads it."
    )
    if source.errors_page:
        lead += " How a service sets them: [for dependents](../dependents.md)."
    rows = [
        [
            f"[{markdown.code(name)}](#{markdown.anchor(name)})",
            ", ".join(_functions(settings.readers(name), links)) or "nobody",
            ", ".join(
                f"{sum(tables.values())} {kind}" for kind, tables in settings.used(name).items()
            ),
        ]
        for name in settings.names
    ]
    sections: list[tuple[str, str]] = [
        (markdown.escape(name), _variable(name, settings, links)) for name in settings.names
    ]
    overview = markdown.table(["variable", "read by", "and through that by"], rows)
    sections.append(("What cannot be seen", _unseen(settings, links)))
    return relation.page("Session variables", [lead, overview], sections)


def _variable(name: str, settings: _Settings, links: Links) -> str:
    schema = links.source.schema
    told = [
        f"- {links.function(one.name)}: {links.prose(one.comment)}"
        for key, one in schema.functions.items()
        if key in settings.readers(name) and name not in settings.found[key].settings_written
    ]
    through = sorted(
        {schema.functions[key].name for key in settings.through(name) - set(settings.readers(name))}
    )
    parts = [
        "What it means, and what becomes of it when it is missing, empty or nonsense:"
        if told
        else "",
        "\n".join(told),
        f"**Set by** {', '.join(_functions(settings.writers(name), links)) or 'no function'}.",
    ]
    for kind, tables in settings.used(name).items():
        where = ", ".join(
            links.relation(table) + (f" ({number})" if number > 1 else "")
            for table, number in tables.items()
        )
        parts.append(f"**{kind.capitalize()}**: {where}.")
    if through:
        named = ", ".join(links.function(one) for one in through)
        parts.append(f"**Functions, through what they call**: {named}.")
    return relation.paragraphs(*parts)


def _unseen(settings: _Settings, links: Links) -> str:
    dark = [
        key
        for key, body in settings.found.items()
        if body.unread
        or body.dynamic
        or AT_RUN_TIME in (*body.settings_read, *body.settings_written)
    ]
    text = (
        "Read from the bodies of functions and from policies, defaults, triggers and views."
        " What a service or a role sets by itself, or `ALTER ROLE … SET`, is not there to see."
    )
    if dark:
        named = ", ".join(_functions(dark, links))
        text += f" Put together at run time, at least in part, is the SQL of {named}."
    return text


def _functions(keys: Iterable[str], links: Links) -> list[str]:
    names = sorted({links.source.schema.functions[key].name for key in keys})
    return [links.function(one) for one in names]


def _names(given: Iterable[Any]) -> str:
    return ", ".join(markdown.code(str(one)) for one in given) or "nobody"
