"""The glossary: the words of the domain, and where one meets them."""

from __future__ import annotations

from ticket_schema.docs import markdown
from ticket_schema.docs.links import Links
from ticket_schema.docs.model import Source

PAGE = "glossary.md"


def pages(source: Source) -> dict[str, str]:
    """Returns the glossary, nothing where no words are declared."""
    if not source.declared.terms:
        return {}
    links = Links(source, PAGE)
    parts = ["# Glossary\n\nWhat the words of this schema mean, and where one meets them.\n"]
    for term in source.declared.terms:
        see = [
            links.function(name)
            if name in source.schema.overloads and name not in source.schema.tables
            else links.relation(name)
            for name in term.see
        ]
        parts += [f"## {markdown.escape(term.name)}\n", f"{links.prose(term.meaning)}\n"]
        parts.append(f"See {', '.join(see)}.\n")
    return {PAGE: "\n".join(parts)}
