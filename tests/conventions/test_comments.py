"""Every object has a comment that says something."""

from __future__ import annotations

import pytest

from ticket_schema.catalog import Catalog

KINDS = (
    "schema",
    "table",
    "view",
    "column",
    "constraint",
    "index",
    "trigger",
    "policy",
    "function",
)


@pytest.mark.parametrize("kind", KINDS)
def test_everything_is_commented(kind: str, catalog: Catalog) -> None:
    constraints = {name.partition(".")[2] for name in catalog["constraint"]}
    for name, definition in catalog[kind].items():
        if kind == "index" and name in constraints:
            continue  # the constraint of the same name carries it
        comment = definition.get("comment") or ""
        assert len(comment) >= 12, f"{kind} {name}: {comment!r}"
        own_words = name.split("(")[0].split(".")[-1].replace("_", " ")
        assert comment.rstrip(".").lower() != own_words, f"{kind} {name} only repeats its name"
        assert comment.endswith((".", ";", ")")), f"{kind} {name}: {comment!r}"


def test_no_comment_is_left_open(catalog: Catalog) -> None:
    for kind in KINDS:
        for name, definition in catalog[kind].items():
            comment = definition.get("comment") or ""
            assert "TODO" not in comment, f"{kind} {name}"
