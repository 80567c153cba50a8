"""One section a revision: what it did, what it locked while it ran, and what the way back loses."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from ticket_schema.docs import markdown, relation
from ticket_schema.docs.history import of_revision
from ticket_schema.docs.links import Links
from ticket_schema.docs.model import Source

PAGE = "revisions.md"

# Weakest first, as in the manual, with who waits for a lock of that mode.
_MODES = {
    "AccessShare": "no reader or writer; what needs ACCESS EXCLUSIVE",
    "RowShare": "no reader or writer; what needs EXCLUSIVE or more",
    "RowExclusive": "no reader or writer; what needs SHARE or more",
    "ShareUpdateExclusive": "no reader or writer; other changes of the schema, and VACUUM",
    "Share": "writers, and VACUUM",
    "ShareRowExclusive": "writers, and VACUUM",
    "Exclusive": "writers, and SELECT … FOR UPDATE",
    "AccessExclusive": "**everybody**, readers too",
}
_KINDS = (
    "schema",
    "table",
    "column",
    "constraint",
    "index",
    "view",
    "materialized view",
    "foreign table",
    "function",
    "trigger",
    "policy",
    "rule",
    "type",
    "sequence",
    "default privileges",
)
_PLURALS = {"index": "indexes", "policy": "policies"}
# Of a table that is new, what belongs to it goes without saying.
_PARTS_OF_TABLES = ("column", "constraint", "index", "trigger", "policy", "rule", "sequence")


def pages(source: Source) -> dict[str, str]:
    """Returns the page of the revisions, none when nothing is known of them.

    Args:
        source: what the pages are made from.
    """
    revisions = source.history.get("revisions", [])
    if not revisions:
        return {}
    links = Links(source, PAGE)
    locks: Mapping[str, Any] = source.locks.get("revisions", {})
    rows = [
        [
            f"[{markdown.code(one['id'])}](#{markdown.anchor(one['id'])})",
            markdown.escape(one["title"]),
            _strongest(locks.get(one["id"])),
        ]
        for one in revisions
    ]
    lead = (
        "What each revision made, changed and dropped, and the strongest lock it took on a table"
        " that was there before it. Locks, rewrites and scans were seen while it ran over rows; a"
        " lock lasts until its transaction ends, a scan as long as the table is large. Tables"
        " that a revision makes itself are left out: nobody can wait for them."
    )
    parts = [
        "# Revisions",
        lead,
        markdown.table(["revision", "what it is", "strongest lock"], rows),
        "The modes, and who waits for them:",
        markdown.table(["mode", "who waits"], [[_mode(mode), who] for mode, who in _MODES.items()]),
    ]
    for one in revisions:
        parts += [f"## {one['id']}", _section(source, one, locks.get(one["id"]), links)]
    return {PAGE: relation.paragraphs(*parts) + "\n"}


def _section(
    source: Source, told: Mapping[str, Any], locks: Mapping[str, Any] | None, links: Links
) -> str:
    sections = dict(told["sections"])
    reverse = sections.pop("Reverse", "")
    locked = sections.pop("Locks", "")
    parts = [f"**{markdown.escape(told['title'])}**"]
    if told["phase"]:
        ready = ": services that run must be ready for it" if told["phase"] == "contract" else ""
        parts.append(f"**Phase:** {markdown.escape(told['phase'])}{ready}.")
    parts += [
        f"**{markdown.escape(name)}:** {links.prose(text)}" for name, text in sections.items()
    ]
    if locked:
        parts.append(f"**Locks, by its author:** {links.prose(locked)}")
    if locks is not None:
        parts.append(_locks(locks, links))
    did = of_revision(source.history, told["id"])
    for change, word in (("made", "Makes"), ("changed", "Changes"), ("dropped", "Drops")):
        lines = _lines(did.get(change, {}), did.get("made", {}), links)
        if lines:
            parts.append(f"**{word}**\n\n" + "\n".join(lines))
    if reverse:
        parts.append(f"**The way back:** {links.prose(reverse)}")
    lost = _lost(did.get("made", {}))
    if lost:
        parts.append(f"A downgrade loses what stands in {lost}.")
    return relation.paragraphs(*parts)


def _strongest(locks: Mapping[str, Any] | None) -> str:
    if locks is None:
        return ""
    taken = {one["lock"]: one["name"] for one in locks["relations"] if one["lock"]}
    if not taken:
        return "none"
    mode = max(taken, key=list(_MODES).index)
    names = [one["name"] for one in locks["relations"] if one["lock"] == mode]
    shown = ", ".join(markdown.code(one) for one in names[:3])
    return f"{_mode(mode)}: {shown}" + (f" and {len(names) - 3} more" if len(names) > 3 else "")  # noqa: PLR2004


def _mode(mode: str) -> str:
    return " ".join(re.findall("[A-Z][a-z]*", mode)).upper()


def _locks(locks: Mapping[str, Any], links: Links) -> str:
    if not locks["relations"]:
        return "**Locks, as seen:** none on a table that was there before."
    rows = [
        [
            links.relation(one["name"]),
            _mode(one["lock"]) if one["lock"] else "",
            _MODES.get(one["lock"], ""),
            "**yes**" if one["rewritten"] else "no",
            f"yes, under {_mode(one['scanned'])}" if one["scanned"] else "no",
            _work(one),
        ]
        for one in locks["relations"]
    ]
    number = locks["transactions"]
    if locks["outside"]:
        how = "statements that are committed one by one, as builds without a lock must be"
    elif number == 1:
        how = "one transaction"
    else:
        how = f"{number} transactions, one after the other"
    return relation.paragraphs(
        f"**Locks, as seen**, in {how}:",
        markdown.table(
            ["table", "strongest lock", "who waits", "rewritten", "rows read", "and"], rows
        ),
    )


def _work(one: Mapping[str, Any]) -> str:
    told = [f"builds {markdown.code(name)}" for name in one["built"]]
    told += [f"validates {markdown.code(name)}" for name in one["validated"]]
    if one["written"]:
        told.append("rows written")
    return ", ".join(told)


def _lines(
    changes: Mapping[str, Mapping[str, Any]], made: Mapping[str, Mapping[str, Any]], links: Links
) -> list[str]:
    """Returns a line a kind of object; what belongs to a table that is new is left out."""
    new = made.get("table", {}).keys() | made.get("view", {}).keys()
    lines = []
    for kind in sorted(changes, key=_KINDS.index):
        shown = [
            _named(source_name, kind, parts, links)
            for source_name, parts in changes[kind].items()
            if not (kind in _PARTS_OF_TABLES and _belongs(source_name, kind, new, links))
        ]
        if shown:
            plural = _PLURALS.get(kind, f"{kind}s")
            name = kind if len(shown) == 1 or kind == "default privileges" else plural
            lines.append(f"- {name}: {', '.join(shown)}")
    return lines


def _belongs(name: str, kind: str, tables: Iterable[str], links: Links) -> bool:
    if kind == "index":
        facts = links.source.snapshot["structure"].get("indexes", {}).get(name)
        return bool(facts) and facts["table"] in tables
    if kind == "sequence":
        return any(name.startswith(f"{one}_") for one in tables)
    return name.partition(".")[0] in tables


def _named(name: str, kind: str, parts: Mapping[str, Any], links: Links) -> str:
    what = f" ({', '.join(_part(part) for part in parts)})" if parts else ""
    if kind in ("table", "view", "materialized view", "foreign table"):
        return links.relation(name) + what
    if kind == "function":
        return links.function(name.partition("(")[0]) + what
    return markdown.code(name) + what


def _part(part: str) -> str:
    return {"definition": "its text", "query": "its query"}.get(part, part.replace("_", " "))


def _lost(made: Mapping[str, Mapping[str, Any]]) -> str:
    tables = sorted(made.get("table", {}))
    views = made.get("view", {})
    columns = sorted(
        name
        for name in made.get("column", {})
        if name.partition(".")[0] not in tables and name.partition(".")[0] not in views
    )
    return ", ".join(markdown.code(one) for one in (*tables, *columns))
