"""What has no page of its own: the schema itself, roles, default privileges, sequences, types."""

from __future__ import annotations

from typing import Any

from ticket_schema.docs import markdown, relation
from ticket_schema.docs.links import Links
from ticket_schema.docs.model import Source

PAGE = "objects.md"

_ATTRIBUTES = {
    "login": "may log in",
    "superuser": "**superuser**",
    "bypasses_rls": "**passes row level security by**",
    "creates_roles": "makes roles",
    "creates_databases": "makes databases",
    "replicates": "replicates",
}


def pages(source: Source) -> dict[str, str]:
    """Returns the one page.

    Args:
        source: what the pages are made from.
    """
    links = Links(source, PAGE)
    sections = [
        ("The schema", _schema(source, links)),
        ("Roles", _roles(source)),
        ("Default privileges", _defaults(_objects(source, "default privileges"))),
        ("Types", _types(source, links)),
        ("Sequences", _sequences(source, links)),
        ("Statistics", _statistics(source, links)),
    ]
    return {PAGE: relation.page("Schema, roles and other objects", [], sections)}


def _objects(source: Source, kind: str) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = source.snapshot["objects"].get(kind, {})
    return dict(sorted(found.items()))


def _parts(source: Source, part: str) -> list[tuple[str, dict[str, Any]]]:
    return sorted(source.snapshot["structure"].get(part, {}).items())


def _schema(source: Source, links: Links) -> str:
    facts = _objects(source, "schema").get(source.schema.name, {})
    grants = relation.names(markdown.code(one) for one in facts.get("grants") or [])
    return relation.paragraphs(
        links.prose(facts.get("comment") or ""),
        markdown.table(["", ""], [("Owner", markdown.code(facts["owner"])), ("Granted", grants)]),
    )


def _roles(source: Source) -> str:
    settings: dict[str, list[str]] = {}
    for _, facts in _parts(source, "role_settings"):
        where = "" if facts["everywhere"] else " in this database"
        settings.setdefault(facts["role"], []).append(markdown.code(facts["setting"]) + where)
    roles = _objects(source, "role")
    rows = [
        [
            markdown.code(name),
            ", ".join(word for key, word in _ATTRIBUTES.items() if roles.get(name, {}).get(key))
            or ("none; it cannot log in" if name in roles else ""),
            relation.names(map(markdown.code, roles.get(name, {}).get("member_of") or [])),
            relation.names(settings.get(name, [])),
        ]
        for name in sorted({*roles, *settings})
    ]
    return markdown.table(["role", "attributes", "member of", "sessions begin with"], rows)


def _defaults(defaults: dict[str, dict[str, Any]]) -> str:
    rows = [
        [name, relation.names(markdown.code(one) for one in facts.get("grants") or [])]
        for name, facts in defaults.items()
    ]
    table = markdown.table(["for new", "granted"], rows)
    return relation.paragraphs("What the owner makes later gets these.", table) if table else ""


def _types(source: Source, links: Links) -> str:
    objects = _objects(source, "type")
    rows = [
        [
            markdown.code(name),
            facts["kind"],
            "; ".join(_shape({**objects.get(name, {}), **facts})),
            links.prose(facts.get("comment", "")),
            markdown.code(facts["owner"]),
            relation.names(markdown.code(one) for one in facts.get("grants", [])),
        ]
        for name, facts in _parts(source, "types")
    ]
    return markdown.table(["type", "kind", "values", "meaning", "owner", "granted"], rows)


def _shape(facts: dict[str, Any]) -> list[str]:
    """Returns what values a type has: labels, or a base and its rules, or attributes."""
    shape = [", ".join(markdown.code(one) for one in facts.get("labels", []))]
    shape += [markdown.code(one) for one in facts.get("attributes", [])]
    shape.append(markdown.code(facts.get("base") or facts.get("subtype") or ""))
    if facts.get("not_null"):
        shape.append("NOT NULL")
    if facts.get("default"):
        shape.append(f"DEFAULT {markdown.code(facts['default'])}")
    for check in facts.get("checks", []):
        told = f": {markdown.escape(check['comment'])}" if check.get("comment") else ""
        shape.append(f"{markdown.code(check['name'])} {markdown.code(check['definition'])}{told}")
    return [one for one in shape if one]


def _sequences(source: Source, links: Links) -> str:
    objects = _objects(source, "sequence")
    rows = []
    for name, facts in _parts(source, "sequences"):
        told = objects[name]
        how = told["sequence"]
        column = facts.get("column", "")
        table, _, own = column.rpartition(".")
        rows.append(
            [
                markdown.code(name),
                f"{links.relation(table)} {markdown.code(own)}" if column else "none",
                f"{how['type']}, from {how['start']} by {how['increment']},"
                f" {facts['least']} to {facts['greatest']}"
                + (", then again" if how["cycle"] else ""),
                str(facts["cache"]),
                relation.names(markdown.code(one) for one in told.get("grants", [])),
                markdown.code(told["owner"]) + (", unlogged" if told["persistence"] != "p" else ""),
                links.prose(told.get("comment", "")),
            ]
        )
    heads = ["sequence", "column", "numbers", "cached", "granted", "owner", "meaning"]
    return markdown.table(heads, rows)


def _statistics(source: Source, links: Links) -> str:
    rows = [
        [markdown.code(name), links.relation(facts["table"]), markdown.code(facts["definition"]),
         links.prose(facts.get("comment") or "")]
        for name, facts in _parts(source, "statistics")
    ]  # fmt: skip
    return markdown.table(["statistics", "of", "definition", "meaning"], rows)
