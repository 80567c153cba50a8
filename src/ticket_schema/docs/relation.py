"""What the pages of tables and of views have in common."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from ticket_schema.docs import markdown
from ticket_schema.docs.identifiers import identifier
from ticket_schema.docs.links import Links
from ticket_schema.docs.model import Policy, Relation, Source, Trigger

RIGHTS = ("SELECT", "INSERT", "UPDATE", "DELETE", "TRUNCATE")

_REPLICA_IDENTITIES = {"n": "nothing", "f": "the whole row", "i": "an index of its own"}
_ENABLED = {
    "D": "switched off",
    "R": "fires in replication alone",
    "A": "fires in replication too",
}
Section = tuple[str, str]
"""Heading and Markdown; a section without text is not shown."""


def page(title: str, intro: Iterable[str], sections: Iterable[Section]) -> str:
    """Returns a page with a line of links to its sections.

    Args:
        title: heading of the page, as plain text.
        intro: paragraphs before the links.
        sections: in their order.
    """
    shown = [(heading, text) for heading, text in sections if text.strip()]
    contents = " · ".join(f"[{heading}](#{markdown.anchor(heading)})" for heading, _ in shown)
    blocks = [f"# {markdown.escape(title)}", *(one for one in intro if one), contents]
    for heading, text in shown:
        blocks += [f"## {heading}", text.strip("\n")]
    return "\n\n".join(block.rstrip() for block in blocks if block) + "\n"


def paragraphs(*blocks: str) -> str:
    """Returns blocks of Markdown with an empty line between them, without the empty ones."""
    return "\n\n".join(block.strip("\n") for block in blocks if block.strip())


def names(links: Iterable[str]) -> str:
    """Returns names in a row, "none" without any."""
    return ", ".join(links) or "none"


def particulars(relation: Relation) -> list[tuple[str, str]]:
    """Returns what is out of the ordinary about how a relation is stored.

    Args:
        relation: a table or view.
    """
    found = [("Owner", markdown.code(relation.owner))]
    if relation.persistence != "p":
        kind = "unlogged: empty after a crash" if relation.persistence == "u" else "temporary"
        found.append(("Storage", kind))
    if relation.options:
        found.append(("Options", names(markdown.code(one) for one in relation.options)))
    identity = _REPLICA_IDENTITIES.get(relation.replica_identity)
    if identity and not relation.kind.endswith("view"):
        found.append(("Logical replication sends", identity))
    return found


def columns(relation: Relation, links: Links) -> str:
    """Returns the columns as a table, in their order."""
    keyed: dict[str, list[str]] = {}
    for name in relation.primary_key:
        keyed.setdefault(name, []).append("PK")
    for key in relation.foreign_keys:
        # What leads every key of a tenant says nothing of a column but in a key of its own.
        own = [name for name in key.columns if name not in relation.primary_key]
        for name in own or key.columns:
            target = links.relation(key.to_table)
            if f"→ {target}" not in keyed.setdefault(name, []):
                keyed[name].append(f"→ {target}")
    rows = []
    for one in relation.columns:
        default = markdown.code(one.default or "")
        if one.generated:
            default = f"always {markdown.code(one.generated)}"
        if one.identity:
            default = f"identity, {'always' if one.identity == 'a' else 'by default'}"
        kind = markdown.code(one.type)
        if one.collation:
            kind += f", collation {markdown.code(one.collation)}"
        if one.storage:
            kind += f", storage {markdown.code(one.storage)}"
        null = "" if one.not_null or relation.kind.endswith("view") else "yes"
        rows.append(
            [
                markdown.code(one.name),
                kind,
                null,
                default,
                ", ".join(keyed.get(one.name, [])),
                links.prose(one.comment),
            ]
        )
    heads = ["column", "type", "null", "default", "key", "meaning"]
    if relation.kind.endswith("view"):
        return markdown.table(
            [heads[0], heads[1], heads[5]], [[row[0], row[1], row[5]] for row in rows]
        )
    return markdown.table(heads, rows)


def rights(relation: Relation, denied: Collection[tuple[str, str]] = ()) -> str:
    """Returns who may do what: a row a role, then the columns where not all are meant.

    Args:
        relation: a table or a view.
        denied: role and command that are granted, and that no policy lets at a row.
    """
    rows: list[list[str]] = []
    some: dict[tuple[str, str], list[str]] = {}
    wanted = RIGHTS if not relation.kind.endswith("view") else RIGHTS[:4]
    for role, allowed in relation.rights.items():
        cells = []
        for right in wanted:
            given = allowed.get(right)
            if given and (role, right) in denied:
                cells.append("no row")
            else:
                cells.append("**yes**" if given is True else "columns" if given else "no")
            if given and given is not True:
                listed = names(markdown.code(column) for column in given)
                some.setdefault((right, listed), []).append(markdown.code(role))
        rows.append([markdown.code(role), *cells])
    columns = "\n".join(
        f"- {right} for {names(roles)}: {listed}" for (right, listed), roles in some.items()
    )
    grants = [markdown.code(one) for one in relation.grants]
    grants += [
        f"{markdown.code(one)} on {markdown.code(column.name)}"
        for column in relation.columns
        for one in column.grants
        if not _shows(relation, one)
    ]
    return paragraphs(
        markdown.table(["role", *wanted], rows),
        "No row: granted, and no policy lets the role at one." if denied else "",
        f"Not all columns:\n\n{columns}" if columns else "",
        f"Granted, beside what is granted by column: {names(grants)}." if grants else "",
    )


def _shows(relation: Relation, grant: str) -> bool:
    """Returns whether a grant on a column is told by the list of columns of its role."""
    role, _, right = grant.partition(": ")
    return isinstance(relation.rights.get(role, {}).get(right), list)


def row_security(relation: Relation) -> str:
    """Returns in words whether policies bind, and whom."""
    if not relation.row_security:
        idle = ", so its policies do nothing" if relation.policies else ""
        return f"**off**{idle}: a grant is for the rows of everybody"
    if not relation.policies:
        return "on, without a policy: nobody sees a row"
    if relation.row_security_forced:
        return "on, and forced: it binds the owner as well"
    return "on, but **not forced**: the owner passes by"


def policies(relation: Relation, schema: str, links: Links) -> str:
    """Returns the policies in words, then as they would be created."""
    rows = [
        [
            markdown.code(one.name),
            one.command,
            names(markdown.code(role) for role in one.roles),
            "opens" if one.permissive else "**narrows**",
            links.prose(one.comment),
        ]
        for one in relation.policies
    ]
    if not rows:
        return ""
    return paragraphs(
        markdown.table(["policy", "command", "roles", "", "meaning"], rows),
        "A row passes when every policy that narrows and at least one that opens lets it.",
        markdown.fenced("\n\n".join(_create(one, schema) for one in relation.policies)),
    )


def triggers(relation: Relation, links: Links) -> str:
    """Returns the triggers in the order in which they fire."""
    rows = [
        [
            str(place),
            markdown.code(one.name),
            _moment(one),
            links.function(one.function)
            if one.function_schema == links.source.schema.name
            else markdown.code(f"{one.function_schema}.{one.function}"),
            links.prose(one.comment)
            + (f" **{_ENABLED[one.enabled].capitalize()}.**" if one.enabled in _ENABLED else ""),
        ]
        for place, one in enumerate(relation.triggers, 1)
    ]
    if not rows:
        return ""
    return paragraphs(
        "Those of one moment fire in the order of their names, which is the order here.",
        markdown.table(["", "trigger", "fires", "calls", "what it does"], rows),
        markdown.fenced("\n".join(f"{one.definition};" for one in relation.triggers)),
    )


def rules(source: Source, relation: Relation) -> str:
    """Returns the rewrite rules of a relation."""
    found = {
        name.removeprefix(f"{relation.name}."): facts
        for name, facts in source.snapshot["objects"].get("rule", {}).items()
        if name.startswith(f"{relation.name}.")
    }
    return (
        markdown.fenced(
            "\n".join(
                facts["definition"]
                + (f" -- {_ENABLED[facts['enabled']]}" if facts["enabled"] in _ENABLED else "")
                for _, facts in sorted(found.items())
            )
        )
        if found
        else ""
    )


def _moment(trigger: Trigger) -> str:
    events = [
        f"UPDATE of {names(markdown.code(one) for one in trigger.columns)}"
        if event == "UPDATE" and trigger.columns
        else event
        for event in trigger.events
    ]
    when = " when a condition holds" if trigger.when else ""
    late = ", at the end of the transaction if so set" if trigger.deferrable else ""
    level = "each row" if trigger.level == "ROW" else "each statement"
    return f"{trigger.timing} {' or '.join(events)}, {level}{when}{late}"


def _create(policy: Policy, schema: str) -> str:
    lines = [
        f"CREATE POLICY {identifier(policy.name)}"
        f" ON {identifier(schema)}.{identifier(policy.table)}",
        f"    AS {'PERMISSIVE' if policy.permissive else 'RESTRICTIVE'} FOR {policy.command}"
        f" TO {', '.join('PUBLIC' if o == 'PUBLIC' else identifier(o) for o in policy.roles)}",
    ]
    if policy.using:
        lines.append(f"    USING {_bracketed(policy.using)}")
    if policy.with_check:
        lines.append(f"    WITH CHECK {_bracketed(policy.with_check)}")
    return "\n".join(lines) + ";"


def _bracketed(expression: str) -> str:
    return expression if expression.startswith("(") else f"({expression})"
