"""When each object of the schema came and what changed it, and what each revision locks.

Both are seen while the revisions of this package run one after the other on a scratch server, over
rows that fit the schema of the moment. Nothing is read off their text but what their docstrings
say.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Mapping
from contextlib import nullcontext
from typing import Any

from ticket_schema.catalog import Catalog
from ticket_schema.errors import TicketSchemaError
from ticket_schema.gate.project import Revision, load
from ticket_schema.gate.rehearsal import Options, Rehearsed, rehearse, strongest
from ticket_schema.gate.scratch import Scratch, scratch
from ticket_schema.gate.trace import MODES
from ticket_schema.steps import SCHEMA

FORMAT = 1

History = dict[str, Any]
"""As written to `history.json`:

`format`; `revisions`: in order, each with `id`, `title`, `phase` (None for one that expands) and
`sections`, pairs of the headings of its docstring and their text; `objects`: kind by kind, name by
name, what happened to it in order, each with `revision`, `change` (`made`, `changed`, `dropped`)
and `parts`: what of its definition changed, from and to, None for what is too long to print.
"""

Locks = dict[str, Any]
"""As written to `locks.json`:

`format`; `revisions`: by id, `transactions` (how many it commits, None where `outside`), `outside`
(whether a statement ran outside of a transaction block) and `relations`: tables that were there
before, each with `name`, `lock` (strongest mode), `rewritten` and `written` (whether), `scanned`
(strongest mode in force while its rows were read, None when they were not), `built` (indexes) and
`validated` (foreign keys).
"""

# Up alone; a few rows show that they are read as well as many do.
_ONCE = Options(back=False, kills=False, finely=False, rows=2)
# Longer than this, before and after are better read in the source.
_LONGEST = 300
# A role belongs to the server; a column that moves up because another has gone has not changed.
_PASSED_OVER = frozenset({"role"})
_NOT_A_CHANGE = frozenset({"position"})
_HEADING = re.compile(r"^(?P<name>[A-Z][\w ]{1,30}): ", re.MULTILINE)


def walk(
    progress: Callable[[str], None] = lambda _: None, server: Scratch | None = None
) -> tuple[History, Locks]:
    """Returns what the revisions of this package did.

    Args:
        progress: called with the id of each revision before it runs.
        server: where to run them; without it an embedded server of its own.

    Raises:
        TicketSchemaError: the server does not start, an extra is missing, or a revision fails.
    """
    project = load()
    with nullcontext(server) if server else scratch() as there:
        found = rehearse(project, there, _ONCE, progress)
    if found.stopped is not None:
        revision, reason = found.stopped
        raise TicketSchemaError(
            f"Revision {revision} does not run: {reason}.",
            hint="Run ticket-schema gate, which shows the statement.",
        )
    return _history(found.revisions), _locks(found.revisions)


def docstring(text: str) -> list[tuple[str, str]]:
    """Returns the sections of a revision's docstring, such as `("What", "a table …")`.

    Args:
        text: the docstring, its first line with it.
    """
    parts = _HEADING.split("\n" + text.partition("\n")[2])[1:]
    return [
        (name, " ".join(told.split())) for name, told in zip(parts[::2], parts[1::2], strict=True)
    ]


def of_object(history: History, kind: str, name: str) -> list[dict[str, Any]]:
    """Returns what happened to one object, in order; empty when nothing is known.

    Args:
        history: what `walk` returned, or nothing.
        kind: such as `column`.
        name: such as `tickets.status`.
    """
    found: list[dict[str, Any]] = history.get("objects", {}).get(kind, {}).get(name, [])
    return found


def of_revision(history: History, revision: str) -> dict[str, dict[str, dict[str, Any]]]:
    """Returns what one revision did: from `made`, `changed`, `dropped` to kinds, to names.

    Args:
        history: what `walk` returned.
        revision: its id.
    """
    found: dict[str, dict[str, dict[str, Any]]] = {}
    for kind, names in history.get("objects", {}).items():
        for name, events in names.items():
            for event in events:
                if event["revision"] == revision:
                    kinds = found.setdefault(event["change"], {})
                    kinds.setdefault(kind, {})[name] = event.get("parts", {})
    return found


def _history(revisions: list[Rehearsed]) -> History:
    objects: dict[str, dict[str, list[dict[str, Any]]]] = {}
    before: Catalog = {}
    for one in revisions:
        after = (one.after or {}).get(SCHEMA, {})
        for kind in sorted(before.keys() | after.keys()):
            if kind in _PASSED_OVER:
                continue
            old, new = before.get(kind, {}), after.get(kind, {})
            for name in sorted(old.keys() | new.keys()):
                event = _event(old.get(name), new.get(name))
                if event:
                    told = {"revision": one.revision.id, **event}
                    objects.setdefault(kind, {}).setdefault(name, []).append(told)
        before = after
    return {
        "format": FORMAT,
        "revisions": [_told(one.revision) for one in revisions],
        "objects": objects,
    }


def _event(old: Mapping[str, Any] | None, new: Mapping[str, Any] | None) -> dict[str, Any] | None:
    if old is None:
        return {"change": "made"}
    if new is None:
        return {"change": "dropped"}
    parts = {
        part: _shown(old.get(part), new.get(part))
        for part in sorted((old.keys() | new.keys()) - _NOT_A_CHANGE)
        if old.get(part) != new.get(part)
    }
    return {"change": "changed", "parts": parts} if parts else None


def _shown(old: Any, new: Any) -> list[Any] | None:
    return [old, new] if len(str(old)) + len(str(new)) <= _LONGEST else None


def _told(revision: Revision) -> dict[str, Any]:

    text = ast.get_docstring(revision.tree, clean=False) or ""
    return {
        "id": revision.id,
        "title": text.partition("\n")[0].rstrip("."),
        "phase": revision.constant("phase"),
        "sections": [list(one) for one in docstring(text)],
    }


def _locks(revisions: list[Rehearsed]) -> Locks:
    return {
        "format": FORMAT,
        "revisions": {one.revision.id: _locked(one) for one in revisions},
    }


def _locked(one: Rehearsed) -> dict[str, Any]:
    traces = one.up.traces
    outside = any(trace.alone for trace in traces)
    indexes = {
        f"{schema}.{name}": f"{schema}.{definition['table']}"
        for schema, catalog in (one.after or {}).items()
        for name, definition in catalog.get("index", {}).items()
    }
    relations: dict[str, dict[str, Any]] = {}

    def about(table: str) -> dict[str, Any]:
        return relations.setdefault(
            indexes.get(table, table),
            {
                "lock": None,
                "rewritten": False,
                "scanned": None,
                "written": False,
                "built": [],
                "validated": [],
            },
        )

    for trace in traces:
        for table in trace.locks:
            about(table)["lock"] = strongest(traces, table)
        for table in (*trace.rewritten, *trace.emptied):
            about(table)["rewritten"] = True
        for table in trace.scanned:
            under = [about(table)["scanned"], trace.strongest(table)]
            about(table)["scanned"] = max((m for m in under if m), key=MODES.index, default=None)
        for table in trace.written:
            about(table)["written"] = True
        for index in trace.built:
            about(index)["built"].append(index.removeprefix(f"{SCHEMA}."))
        for key in trace.validated:
            about(key.table)["validated"].append(key.name)
    return {
        # What waits and tries again outside of a transaction takes as many as it takes.
        "transactions": None if outside else len({trace.transaction for trace in traces}),
        "outside": outside,
        "relations": [
            {"name": name.removeprefix(f"{SCHEMA}."), **relations[name]}
            for name in sorted(relations)
        ],
    }
