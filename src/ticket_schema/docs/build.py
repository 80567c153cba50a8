"""From a schema to the files of its documentation, and back: whether the files still tell it."""

from __future__ import annotations

import difflib
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from alembic import command

from ticket_schema.api import alembic_config
from ticket_schema.connection import connect
from ticket_schema.docs import changes, declared, diagrams, dot, pages, snapshot, svg
from ticket_schema.docs.changes import Change
from ticket_schema.docs.history import History, Locks
from ticket_schema.docs.markdown import GENERATED, footer
from ticket_schema.docs.model import Source, parse_errors
from ticket_schema.docs.pages import start
from ticket_schema.docs.snapshot import Snapshot
from ticket_schema.errors import TicketSchemaError
from ticket_schema.gate.scratch import Scratch

SCHEMA_FILE = "schema.json"
HISTORY_FILE = "history.json"
LOCKS_FILE = "locks.json"
DECLARED_FILE = "declared.toml"

_DATA = (SCHEMA_FILE, HISTORY_FILE, LOCKS_FILE)


@dataclass(frozen=True)
class Written:
    """What a build did to the folder: paths from it."""

    changed: list[str]
    removed: list[str]


@dataclass(frozen=True)
class Drift:
    """What the files of a folder no longer tell rightly.

    Args:
        changes: of the schema.
        files: from path to its text there and the text that should be there, None for no file.
    """

    changes: list[Change]
    files: dict[str, tuple[str | None, str | None]]

    def diff(self) -> list[str]:
        """Returns the lines of a unified diff of the pages, from what is there to what should be.

        The data files are left out: what changed in them is told by `changes`.
        """
        lines: list[str] = []
        for path, (there, wanted) in self.files.items():
            if not path.endswith(".json"):
                lines += difflib.unified_diff(
                    (there or "").splitlines(),
                    (wanted or "").splitlines(),
                    f"a/{path}" if there is not None else "/dev/null",
                    f"b/{path}" if wanted is not None else "/dev/null",
                    lineterm="",
                )
        return lines


def from_database(url: str, schema: str) -> Snapshot:
    """Returns the snapshot of a database.

    Args:
        url: its connection string.
        schema: name of the schema.

    Raises:
        TicketSchemaError: it cannot be reached, or has no such schema.
    """
    with connect(url) as connection:
        return snapshot.read(connection, schema)


def from_scratch(server: Scratch) -> Snapshot:
    """Returns the snapshot of this package's head.

    A role that is neither superuser nor BYPASSRLS migrates a database to it.

    Args:
        server: where to make that database.
    """
    with server.database() as name:
        url = server.url(name).render_as_string(hide_password=False)
        command.upgrade(alembic_config(url, progress=lambda _: None), "head")
        with server.connect(name) as connection:
            return snapshot.read(connection)


def source(
    read: Snapshot,
    output: Path,
    *,
    history: History | None = None,
    locks: Locks | None = None,
) -> Source:
    """Returns all that the pages of a schema are made from.

    Args:
        read: the snapshot.
        output: folder of the documentation; what the catalog cannot tell stands in it or beside it.
        history: of the objects; what the folder has when None, for a database tells none.
        locks: of the revisions, in the same way.
    """
    errors = output.parent / "errors.md"
    known = errors.is_file()
    own = output / DECLARED_FILE
    return Source(
        snapshot=read,
        history=_loaded(output / HISTORY_FILE) if history is None else _ordered(history),
        locks=_loaded(output / LOCKS_FILE) if locks is None else _ordered(locks),
        declared=declared.of(read, own if own.is_file() else None),
        errors=parse_errors(errors.read_text(encoding="utf-8")) if known else {},
        errors_page="../errors.md" if known else None,
    )


def render(made_from: Source) -> dict[str, str]:
    """Returns every file of the documentation, but for what is drawn from it: from path to text.

    Args:
        made_from: what the pages are made from.
    """
    files = {SCHEMA_FILE: snapshot.canonical(made_from.snapshot)}
    for name, facts in ((HISTORY_FILE, made_from.history), (LOCKS_FILE, made_from.locks)):
        if facts:
            files[name] = _text(facts)
    made: dict[str, str] = {}
    for make in pages.makers():
        made |= make(made_from)
    dots = diagrams.dots(made_from)
    made |= start.page(made_from, {*made, *map(svg.picture_of, dots)})
    last = footer(made_from.snapshot["postgresql"])
    files |= {path: f"{text.rstrip()}\n\n{last}" for path, text in made.items()}
    return dict(sorted({**files, **dots}.items()))


def generated(output: Path) -> dict[str, str]:
    """Returns the generated files that are in a folder, from path to text, without pictures.

    Args:
        output: the folder; files in it that were written by hand are passed over.
    """
    found: dict[str, str] = {}
    for file in sorted(output.rglob("*")):
        path = file.relative_to(output).as_posix()
        if file.suffix in {".md", ".dot"} or path in _DATA:
            # One that somebody else wrote may be in any encoding.
            text = file.read_text(encoding="utf-8", errors="replace")
            last = text.rstrip().rpartition("\n")[2]
            if path in _DATA or text.startswith(dot.HEAD) or last.startswith(GENERATED):
                found[path] = text
    return found


def write(output: Path, files: Mapping[str, str]) -> Written:
    """Writes the files that differ, and removes generated ones that are no longer made.

    Args:
        output: the folder, made when it is not there.
        files: from path to text.
    """
    before = generated(output)
    changed = [path for path, text in files.items() if before.get(path) != text]
    removed = [path for path in before if path not in files]
    for path in changed:
        (output / path).parent.mkdir(parents=True, exist_ok=True)
        (output / path).write_text(files[path], encoding="utf-8")
    for path in removed:
        (output / path).unlink()
    return Written(changed, removed)


def check(output: Path, made_from: Source) -> Drift:
    """Returns what the files of a folder no longer tell rightly.

    Args:
        output: the folder.
        made_from: what they should tell. Of a server of another major version only what differs
            beside the version counts.

    Raises:
        TicketSchemaError: the folder holds no documentation, or one that cannot be read.
    """
    committed = _loaded(output / SCHEMA_FILE)
    if not committed:
        raise TicketSchemaError(
            f"There is no documentation in {output}.",
            hint="Make it with ticket-schema docs build, or name its folder with --output.",
        )
    snapshot_now = {**made_from.snapshot, "postgresql": committed["postgresql"]}
    there = generated(output)
    wanted = render(replace(made_from, snapshot=snapshot_now))
    differing = sorted(
        path for path in there.keys() | wanted.keys() if there.get(path) != wanted.get(path)
    )
    files = {path: (there.get(path), wanted.get(path)) for path in differing}
    # A picture has no text to compare: it tells which DOT it was drawn from.
    for path in svg.stale(output, wanted):
        files[path] = ("" if (output / path).is_file() else None, "")
    files.update(dict.fromkeys(svg.surplus(output, wanted), ("", None)))
    return Drift(changes.between(committed, snapshot_now), files)


def _text(facts: dict[str, Any]) -> str:
    return json.dumps(facts, indent=1, sort_keys=True, ensure_ascii=False) + "\n"


def _ordered(facts: dict[str, Any]) -> dict[str, Any]:
    """Returns the same as it comes back from its file, so that no page depends on which it was."""
    ordered: dict[str, Any] = json.loads(_text(facts))
    return ordered


def _loaded(file: Path) -> dict[str, Any]:
    if not file.is_file():
        return {}
    try:
        loaded: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    except ValueError:
        raise TicketSchemaError(
            f"{file} cannot be read: it is not JSON.",
            hint="Write it anew with ticket-schema docs build.",
        ) from None
    return loaded
