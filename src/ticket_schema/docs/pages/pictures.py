"""The tables in pictures: domain by domain, with the keys that join them."""

from __future__ import annotations

from ticket_schema.docs import diagrams, relation
from ticket_schema.docs.links import Links
from ticket_schema.docs.model import Source

PAGE = "pictures.md"


def pages(source: Source) -> dict[str, str]:
    """Returns the page of pictures, nothing where no domains are declared.

    Args:
        source: what the pages are made from; the picture of all tables stands on the first page.
    """
    links = Links(source, PAGE)
    sections = [
        (
            domain.title,
            relation.paragraphs(
                links.prose(domain.line),
                diagrams.shown(
                    diagrams.domain_picture(domain.key),
                    PAGE,
                    f"{domain.title}: {', '.join(domain.tables)}, and what they refer to",
                ),
            ),
        )
        for domain in source.declared.domains
        if domain.tables
    ]
    intro = ["Each table with its keys. The picture of a table alone stands on its page."]
    return {PAGE: relation.page("Tables in pictures", intro, sections)} if sections else {}
