"""Whether the comments of a schema say something: pages are made of them, so they have to."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from ticket_schema.docs.snapshot import Snapshot

KINDS = (
    "schema",
    "table",
    "foreign table",
    "view",
    "materialized view",
    "sequence",
    "column",
    "constraint",
    "index",
    "trigger",
    "rule",
    "policy",
    "function",
    "type",
)
"""What has to have a comment; roles and default privileges are of the cluster, not of a schema."""

# Those that stand in lists, where the first sentence is all that is shown of them.
LISTED = ("table", "foreign table", "view", "materialized view", "function")
LONGEST_SUMMARY = 250
"""Characters of the first sentence of what is listed."""

LEAST_WORDS = 2
LEAST_WORDS_OF_CONSTRAINT = 1
"""How many words a comment must have that are not in the name and that carry a meaning; fewer for
a constraint, whose name is its rule in short."""

_EMPTY_WORDS = frozenset(
    re.findall(
        r"\w+",
        """
        a an and any are as at be been by can did does for from had has have if in into is it its
        no not of on one only or our per she so such than that the their them then there these
        they this to was were what when where which who whom will with

        array bigint boolean column constraint date enum field flag foreign function identifier
        index int integer json jsonb key null numeric object policy primary record row schema
        sequence table text timestamp trigger type unique uuid value varchar view
        """,
    )
)
"""Small words, and kinds of things and values, which the reader sees beside the comment."""

_PLACEHOLDERS = re.compile(
    r"\b(?:todo|tbd|fixme|xxx|lorem ipsum|to be documented)\b", re.IGNORECASE
)
_COVERS = re.compile(r"\b[Cc]overs? the foreign keys? to (\w+)")
# Two that stand beside each other need sentences of their own; policies differ by their commands.
_SIDE_BY_SIDE = ("column", "constraint", "index", "trigger")


@dataclass(frozen=True)
class Flaw:
    """A comment that is missing or says nothing.

    Args:
        kind: of the object, one of `KINDS`.
        name: of the object, as in the snapshot.
        why: what is wrong with its comment.
    """

    kind: str
    name: str
    why: str


@dataclass(frozen=True)
class Coverage:
    """How many objects of a kind there are, and how many have a comment that says something."""

    kind: str
    objects: int
    good: int


def summary(comment: str) -> str:
    """Returns the first sentence of a comment, or its first paragraph when that is shorter.

    Args:
        comment: as it stands in the catalog.
    """
    first = " ".join(comment.strip().split("\n\n")[0].split())
    # A letter alone before the full stop is an abbreviation.
    end = re.search(r"(?<!\b[a-z])[.!?](?=\s)", first)
    return first[: end.end()] if end else first


def flaws(snapshot: Snapshot) -> list[Flaw]:
    """Returns the comments of a schema that are missing or say nothing, kind by kind.

    Args:
        snapshot: what `ticket_schema.docs.snapshot.read` returned.
    """
    found = []
    for kind in KINDS:
        beside: dict[tuple[str, str], str] = {}
        for name, facts in _commented(snapshot, kind):
            why = _flaw(snapshot, kind, name, facts)
            if not why and kind in _SIDE_BY_SIDE:
                place = (_table_of(name, facts), _plain(facts["comment"]))
                why = f"says the same as {beside[place]}" if place in beside else ""
                beside.setdefault(place, name)
            if why:
                found.append(Flaw(kind, name, why))
    return found


def coverage(snapshot: Snapshot, found: list[Flaw]) -> list[Coverage]:
    """Returns how much of a schema is commented, kind by kind, without kinds that it lacks.

    Args:
        snapshot: what the flaws were found in.
        found: what `flaws` returned.
    """
    counts = [(kind, len(list(_commented(snapshot, kind)))) for kind in KINDS]
    return [
        Coverage(kind, count, count - sum(flaw.kind == kind for flaw in found))
        for kind, count in counts
        if count
    ]


def _commented(snapshot: Snapshot, kind: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yields what of a kind has to have a comment, by name."""
    indexes = snapshot["structure"].get("indexes", {})
    for name, facts in sorted(snapshot["objects"].get(kind, {}).items()):
        # The constraint that such an index keeps has the comment for both.
        if kind == "index" and indexes.get(name, {}).get("constraint"):
            continue
        yield name, facts


def _flaw(snapshot: Snapshot, kind: str, name: str, facts: dict[str, Any]) -> str:
    comment = facts.get("comment") or ""
    if not comment.strip():
        return "has no comment"
    if _PLACEHOLDERS.search(comment):
        return "is yet to be written"
    own = _words(name.partition("(")[0])
    if kind == "index":
        told = snapshot["structure"].get("indexes", {}).get(name, {})
        own |= _words(" ".join([facts.get("table", ""), *told.get("keys", ())]))
        wrong = _covers_nothing(snapshot, comment, told)
        if wrong:
            return wrong
    more = _words(comment) - own - {_stem(word) for word in _EMPTY_WORDS}
    if len(more) < (LEAST_WORDS_OF_CONSTRAINT if kind == "constraint" else LEAST_WORDS):
        rest = f"but for {' '.join(sorted(more))}" if more else "and no more"
        says = "which question it serves" if kind == "index" else "what the name does not"
        return f"repeats its name {rest}; say {says}"
    if kind in LISTED and len(summary(comment)) > LONGEST_SUMMARY:
        return (
            f"begins with a sentence of {len(summary(comment))} characters, and lists show it:"
            f" begin with one of at most {LONGEST_SUMMARY}"
        )
    return ""


def _covers_nothing(snapshot: Snapshot, comment: str, index: dict[str, Any]) -> str:
    """Returns what is wrong when an index says that it covers a foreign key."""
    tables = snapshot["objects"].get("table", {})
    for target in _COVERS.findall(comment):
        keys = [
            one["columns"]
            for one in snapshot["structure"].get("foreign_keys", {}).values()
            if one["table"] == index.get("table") and one["to_table"] == target
        ]
        leads = any(sorted(index["keys"][: len(key)]) == sorted(key) for key in keys)
        if target in tables and not leads:
            return f"says that it covers a foreign key to {target}, which it does not"
    return ""


def _table_of(name: str, facts: dict[str, Any]) -> str:
    return str(facts.get("table") or name.partition(".")[0])


def _plain(text: str) -> str:
    return " ".join(re.findall(r"\w+", text.lower()))


def _words(text: str) -> set[str]:
    return {_stem(word) for word in re.findall(r"[a-z0-9]+", text.lower().replace("_", " "))}


def _stem(word: str) -> str:
    """Returns a word without its ending, so that `reservations` and `reserved` are one."""
    for ending in ("ations", "ation", "ings", "ing", "ies", "ed", "es", "s", "e"):
        if word.endswith(ending) and len(word) - len(ending) > 2:  # noqa: PLR2004 - a root
            return word.removesuffix(ending)
    return word
