"""What differs between two snapshots of a schema, in words."""

from __future__ import annotations

import difflib
import json
from dataclasses import dataclass
from typing import Any

from ticket_schema.docs.snapshot import Snapshot, body

# Parts of a snapshot that tell the same as an object of some kind, taken apart.
_TOLD_BY = {
    "constraints": ("constraint",),
    "foreign_keys": ("constraint",),
    "functions": ("function",),
    "indexes": ("index",),
    "triggers": ("trigger",),
    "view_sources": ("view", "materialized view"),
}
# Parts that add to an object, and what it is called.
_ADD_TO = {"sequences": "sequence", "types": "type"}
_CALLED = {"rights": "rights", "role_settings": "setting of role", "statistics": "statistics"}
_RIGHTS_OF = ("table", "view", "materialized view", "foreign table")


@dataclass(frozen=True, order=True)
class Change:
    """One difference.

    Args:
        kind: of object, such as table or policy.
        name: of the object, such as `tickets.status`.
        field: what of it differs; empty when the whole object is new or gone.
        before: as it was, None when it was not there.
        after: as it is, None when it is not there any more.
    """

    kind: str
    name: str
    field: str
    before: Any
    after: Any

    def __str__(self) -> str:
        """Returns the change in words; long texts as the lines that differ."""
        what = f"{self.kind} {self.name}".strip()
        if not self.field:
            return f"{what} {'is new' if self.before is None else 'is gone'}"
        if isinstance(self.before or self.after, list):
            before, after = self.before or [], self.after or []
            lost = [one for one in before if one not in after]
            added = [one for one in after if one not in before]
            if lost or added:
                told = [f"- {_shown(one)}" for one in lost] + [f"+ {_shown(one)}" for one in added]
                return "\n".join([f"{what}: {self.field}:", *(f"    {one}" for one in told)])
        if any(isinstance(one, str) and "\n" in one for one in (self.before, self.after)):
            return f"{what}: {self.field}:\n{_lines(self.before or '', self.after or '')}"
        return f"{what}: {self.field}: {_shown(self.before)} → {_shown(self.after)}"


def between(before: Snapshot, after: Snapshot) -> list[Change]:
    """Returns what differs, sorted; nothing is told twice.

    Args:
        before: the snapshot that was.
        after: the one that is.
    """
    found = [
        Change(field, "", "is", before[field], after[field])
        for field in ("schema", "head")
        if before[field] != after[field]
    ]
    for kind in before["objects"].keys() | after["objects"].keys():
        found += _of(kind, before["objects"].get(kind, {}), after["objects"].get(kind, {}))
    found = _headers(found, before, after)
    told = {(one.kind, one.name) for one in found}
    whole = {(one.kind, one.name) for one in found if not one.field}
    for part in before["structure"].keys() | after["structure"].keys():
        kind = _CALLED.get(part) or _ADD_TO.get(part) or _TOLD_BY.get(part, (part,))[0]
        for one in _of(kind, before["structure"].get(part, {}), after["structure"].get(part, {})):
            if part in _ADD_TO:
                known = (kind, one.name) in whole
            elif part == "rights":
                # A grant or a membership says it already, where it is of this schema.
                role, _, relation = one.name.partition(".")
                known = ("role", role) in told or any(
                    (kind in _RIGHTS_OF and name == relation)
                    or (kind == "column" and name.startswith(f"{relation}."))
                    for kind, name in told
                )
            else:
                known = any((kind, one.name) in told for kind in _TOLD_BY.get(part, ()))
            if not known:
                found.append(one)
    found += _of("transition", _transitions(before), _transitions(after))
    return sorted(found, key=lambda one: (one.kind, one.name, one.field))


def _headers(found: list[Change], before: Snapshot, after: Snapshot) -> list[Change]:
    """Returns changes with a function's header by its parts, in place of its whole text."""
    better: list[Change] = []
    for one in found:
        if (one.kind, one.field) != ("function", "definition"):
            better.append(one)
            continue
        functions = (said["structure"]["functions"] for said in (before, after))
        old, new = ({one.name: every[one.name]} for every in functions)
        parts = [part for part in _of(one.kind, old, new) if part.field != "execute"]
        better += parts
        if not parts or body(before, one.name) != body(after, one.name):
            better.append(one)
    return better


def _of(kind: str, before: dict[str, Any], after: dict[str, Any]) -> list[Change]:
    found = []
    for name in before.keys() | after.keys():
        old, new = before.get(name), after.get(name)
        if old is None or new is None:
            found.append(Change(kind, name, "", old, new))
        elif isinstance(old, dict) and isinstance(new, dict):
            found += [
                Change(kind, name, field, old.get(field), new.get(field))
                for field in old.keys() | new.keys()
                if old.get(field) != new.get(field)
            ]
        elif old != new:
            found.append(Change(kind, name, "is", old, new))
    return found


def _transitions(snapshot: Snapshot) -> dict[str, dict[str, Any]]:
    return {
        f"{row['entity']} {row['from_status']} → {row['to_status']}": row
        for row in snapshot["transitions"]
    }


def _shown(value: Any) -> str:
    if value is None:
        return "nothing"
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _lines(before: str, after: str) -> str:
    diff = difflib.unified_diff(before.splitlines(), after.splitlines(), lineterm="", n=1)
    return "\n".join(f"    {line}" for line in diff if not line.startswith(("---", "+++", "@@")))
