"""The first page: what the schema is, where each question is answered, and all its tables."""

from __future__ import annotations

from collections.abc import Collection

from ticket_schema.docs import diagrams, markdown, relation
from ticket_schema.docs.comments import summary
from ticket_schema.docs.links import Links
from ticket_schema.docs.model import Relation, Source

PAGE = "README.md"

# The question somebody comes with, and the page that answers it.
_QUESTIONS = (
    ("Who may read or change a table, by role and command?", "rights.md"),
    ("What does this error code mean, and who raises it?", "errors.md"),
    ("Which rule does this constraint keep, and what does a client see?", "constraints.md"),
    ("What does this function do, lock and refuse?", "functions/README.md"),
    ("From which status may a row go to which?", "states/README.md"),
    ("Which tables hang together, and by which keys?", "pictures.md"),
    ("What is this index for?", "indexes.md"),
    ("Which tables grow without bound, and what deletes from the others?", "growth.md"),
    ("What does a revision lock or rewrite?", "revisions.md"),
    ("Which session variables count, and who reads them?", "session-variables.md"),
    ("What runs with more rights than its caller?", "privileged.md"),
    ("Roles, default privileges, sequences, types", "objects.md"),
    ("What does this word mean?", "glossary.md"),
)


def page(source: Source, others: Collection[str]) -> dict[str, str]:
    """Returns the first page.

    Args:
        source: what the pages are made from.
        others: paths of the other pages, pictures included; it links to no page that is not there.
    """
    links = Links(source, PAGE)
    schema = source.schema
    facts = source.snapshot["objects"]["schema"].get(schema.name, {})
    asked = [
        f"- {markdown.link(question, PAGE, target)}"
        for question, target in _QUESTIONS
        if target in others
    ]
    sections = [
        ("Where to look", "\n".join(asked)),
        ("Tables", _tables(source, links)),
        ("All tables at a glance", _picture(others)),
        ("How to read these pages", _how_to_read(source)),
    ]
    head = source.snapshot["head"]
    stands = f"At revision {markdown.code(head)}." if head else ""
    intro = [links.prose(facts.get("comment") or ""), stands]
    return {PAGE: relation.page(f"Schema {schema.name}", intro, sections)}


def _tables(source: Source, links: Links) -> str:
    schema = source.schema
    blocks: list[str] = []
    shown: set[str] = set()
    for domain in source.declared.domains:
        members = [schema.tables[name] for name in domain.tables]
        views = [schema.views[name] for name in domain.views]
        shown |= {one.name for one in (*members, *views)}
        blocks += [
            f"### {markdown.escape(domain.title)}",
            links.prose(domain.line),
            _listed(members, links),
            _listed(views, links, "view"),
        ]
    # A partition stands on the page of its table.
    parts = {child for one in schema.tables.values() for child in one.children}
    rest = [
        one
        for one in schema.tables.values()
        if one.name not in shown and f"{schema.name}.{one.name}" not in parts
    ]
    views = [one for one in schema.views.values() if one.name not in shown]
    if blocks and (rest or views):
        blocks.append("### Others")
    return relation.paragraphs(*blocks, _listed(rest, links), _listed(views, links, "view"))


def _listed(relations: list[Relation], links: Links, kind: str = "table") -> str:
    rows = [[links.relation(one.name), links.prose(summary(one.comment))] for one in relations]
    return markdown.table([kind, "what it is"], rows)


def _picture(others: Collection[str]) -> str:
    if diagrams.WHOLE not in others:
        return ""
    return diagrams.shown(diagrams.WHOLE, PAGE, "Every table with its foreign keys, by domain")


def _how_to_read(source: Source) -> str:
    version = source.snapshot["postgresql"]
    return "\n".join(
        [
            "- The text is that of the comments in the database: `\\d+` in psql shows it, too.",
            "- A page of a table begins with what one may do there, then its columns and the rules"
            " that they keep, then what follows from a change.",
            "- In a table of rights, **yes** is a grant on the whole table, by itself or by"
            " membership; whether a row passes, the policies say.",
            "- What a function raises, reads and writes is read from its text. Through others is a"
            " bound from above: no condition is weighed.",
            f"- The pages are made with PostgreSQL {version}, and another version words the same"
            " expressions in other ways; `schema.json` holds all of it as data.",
        ]
    )
