"""One page a view: what it shows, to whom, and what it reads."""

from __future__ import annotations

from ticket_schema.docs import markdown, relation
from ticket_schema.docs.links import Links
from ticket_schema.docs.model import Relation, Source, view_page


def pages(source: Source) -> dict[str, str]:
    """Returns the page of each view.

    Args:
        source: what the pages are made from.
    """
    return {view_page(name): _page(source, one) for name, one in source.schema.views.items()}


def _page(source: Source, view: Relation) -> str:
    links = Links(source, view_page(view.name))
    return relation.page(
        view.name,
        [links.prose(view.comment), _glance(source, view)],
        [
            ("Who may do what", relation.rights(view)),
            ("Columns", relation.columns(view, links)),
            ("What it reads", _reads(view, links)),
            ("Views on it", "\n".join(f"- {links.relation(one)}" for one in view.read_by)),
            ("Triggers", relation.triggers(view, links)),
            ("Rules", relation.rules(source, view)),
            ("Indexes", markdown.fenced("\n".join(f"{one.definition};" for one in view.indexes))
             if view.indexes else ""),
            ("Query", markdown.fenced(view.query or "")),
        ],
    )  # fmt: skip


def _glance(source: Source, view: Relation) -> str:
    rows: list[tuple[str, str]] = []
    domain = source.declared.domain_of(view.name)
    if domain is not None:
        home = f"../README.md#{markdown.anchor(domain.title)}"
        rows.append(("Domain", f"[{markdown.escape(domain.title)}]({home})"))
    if view.kind != "view":
        rows.append(("Kind", view.kind))
    elif any(option.replace("on", "true") == "security_invoker=true" for option in view.options):
        rows.append(("Sees", "what its reader may see: the reader's rights and policies count"))
    else:
        rows.append(("Sees", "**what its owner may see**: the reader's policies do not count"))
    rows += relation.particulars(view)
    return markdown.table(["", ""], rows)


def _reads(view: Relation, links: Links) -> str:
    columns: dict[tuple[str, str], list[str]] = {}
    for one in view.reads:
        columns.setdefault((one["schema"], one["table"]), []).append(one["column"])
    own = links.source.schema.name
    rows = [
        [
            links.relation(table) if schema == own else markdown.code(f"{schema}.{table}"),
            relation.names(markdown.code(one) for one in sorted(used)),
        ]
        for (schema, table), used in sorted(columns.items())
    ]
    return markdown.table(["from", "columns"], rows)
