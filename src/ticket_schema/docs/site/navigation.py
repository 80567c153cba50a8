"""Where a page stands: by purpose, tables by domain."""

from __future__ import annotations

import json
import posixpath
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from ticket_schema.docs import declared
from ticket_schema.docs.site.content import Page

# Each part with its pages in order, as patterns of paths within the folder; the first that fits
# has the page, and what fits nowhere stands in the last.
_PARTS: tuple[tuple[str, tuple[str, ...]], ...] = (
    (
        "Start here",
        (
            "../README.md",
            "README.md",
            "schema/README.md",
            "dependents.md",
            "errors.md",
            "schema/errors.md",
            "schema/glossary.md",
        ),
    ),
    ("Tables", ("schema/tables/*", "schema/views/*")),
    ("Functions", ("schema/functions/*",)),
    ("States", ("schema/states/*",)),
    (
        "Security",
        (
            "security.md",
            "schema/rights.md",
            "schema/session-variables.md",
            "schema/privileged.md",
            "isolation-proof.md",
        ),
    ),
    (
        "Operations",
        (
            "operations.md",
            "schema/revisions.md",
            "schema/growth.md",
            "schema/indexes.md",
            "schema/constraints.md",
            "gate.md",
            "gate-rules.md",
            "rehearsal.md",
        ),
    ),
    ("Decisions", ("adr/*", "style.md", "seed-coverage.md", "gate-score.md")),
    ("More", ("*",)),
)

Tree = list[dict[str, Any]]


def tree(source: Path, pages: list[Page]) -> Tree:
    """Returns the navigation: parts, each with an address and groups of pages.

    Args:
        source: the folder of the pages.
        pages: of the site.
    """
    left = {page.path: page for page in pages if page.kind != "File"}
    found: Tree = []
    for title, patterns in _PARTS:
        chosen = [
            left.pop(path)
            for pattern in patterns
            for path in sorted(left)
            if fnmatchcase(path, posixpath.normpath(f"{source.name}/{pattern}"))
        ]
        if title == "More":
            chosen += list(left.values())
        heads = [page for page in chosen if page.kind == "List"]
        listed = [page for page in chosen if page.kind != "List"]
        if listed:
            groups = _by_domain(source, listed) if title == "Tables" else [("", listed)]
            found.append(
                {
                    "title": title,
                    "url": (heads or listed)[0].url,
                    "long": title in {"Tables", "Functions", "States", "Decisions"},
                    "groups": [
                        {
                            "title": name,
                            "pages": [{"url": page.url, "name": page.name} for page in group],
                        }
                        for name, group in groups
                    ],
                }
            )
    return found


def place(found: Tree, page: Page) -> dict[str, Any]:
    """Returns the part and group that a page stands in, "" for a file that stands in none.

    Args:
        found: the navigation.
        page: of the site.
    """
    for part in found:
        for group in part["groups"]:
            if any(one["url"] == page.url for one in group["pages"]):
                return {"part": part["title"], "group": group["title"]}
        if part["url"] == page.url:
            return {"part": part["title"], "group": ""}
    return {"part": "", "group": ""}


def _by_domain(source: Path, pages: list[Page]) -> list[tuple[str, list[Page]]]:
    file = source / "schema" / "schema.json"
    domains = (
        declared.of(json.loads(file.read_text(encoding="utf-8"))).domains if file.is_file() else ()
    )
    left = {(page.kind, page.name): page for page in pages}
    groups: list[tuple[str, list[Page]]] = []
    for domain in domains:
        names = [("Table", name) for name in domain.tables]
        names += [("View", name) for name in domain.views]
        groups.append((domain.title, [left.pop(name) for name in names if name in left]))
    tables = [page for page in left.values() if page.kind == "Table"]
    views = [page for page in left.values() if page.kind != "Table"]
    rest = [("Others" if domains else "", tables), ("Views", views)]
    return [(title, group) for title, group in (*groups, *rest) if group]
