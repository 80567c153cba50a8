"""`[tool.ticket-schema.gate]` of a project's pyproject.toml."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ticket_schema.errors import Exit, TicketSchemaError
from ticket_schema.gate.finding import RULES, Severity

_KEYS = ("severity", "fails-at", "since", "seed", "prepare", "rows", "image")
_PARENTS = 4
OFF = "off"


@dataclass(frozen=True)
class Settings:
    """What a project wants of the gate.

    Args:
        severity: rules whose weight is another than their own; None switches one off.
        fails_at: the least severity that fails the gate.
        since: the git ref to compare with when the command names none.
        seed: rows of the project for the rehearsal: an SQL file, a folder or `module:function`.
        prepare: SQL that the superuser of the scratch server runs first.
        rows: how many rows a table gets in the rehearsal.
        image: of a container that is the scratch server when the command names none.
        file: where it is written, if anywhere.
    """

    severity: Mapping[str, Severity | None] = field(default_factory=dict)
    fails_at: Severity = Severity.ERROR
    since: str | None = None
    seed: str | None = None
    prepare: Path | None = None
    rows: int = 40
    image: str | None = None
    file: Path | None = None


def read(folder: Path) -> Settings:
    """Returns the settings of the nearest pyproject.toml that has some.

    Args:
        folder: where the project's configuration stands.

    Raises:
        TicketSchemaError: the file is no TOML, or says something that the gate does not know.
    """
    for place in (folder, *list(folder.parents)[:_PARENTS]):
        file = place / "pyproject.toml"
        if not file.is_file():
            continue
        try:
            loaded = tomllib.loads(file.read_text(encoding="utf-8"))
        except tomllib.TOMLDecodeError as error:
            raise _wrong(file, f"it is no TOML: {error}") from error
        found = loaded.get("tool", {}).get("ticket-schema", {}).get("gate")
        if found is not None:
            return _settings(file, found)
    return Settings()


def _settings(file: Path, found: Mapping[str, Any]) -> Settings:
    unknown = sorted(set(found) - set(_KEYS))
    if unknown:
        raise _wrong(file, f"it does not know {', '.join(unknown)}, only {', '.join(_KEYS)}")
    severity = found.get("severity", {})
    for rule, weight in severity.items():
        if rule not in RULES:
            raise _wrong(file, f"there is no rule {rule}")
        if weight not in (OFF, *Severity):
            raise _wrong(file, f"{rule} cannot be {weight!r}, only off, note, warning or error")
    fails_at = found.get("fails-at", Severity.ERROR)
    if fails_at not in list(Severity):
        raise _wrong(file, f"fails-at cannot be {fails_at!r}, only note, warning or error")
    rows = found.get("rows", Settings.rows)
    if not isinstance(rows, int) or rows < 1:
        raise _wrong(file, f"rows cannot be {rows!r}, only a number from 1")
    for name in ("seed", "prepare", "image"):
        if not isinstance(found.get(name, ""), str):
            raise _wrong(file, f"{name} cannot be {found[name]!r}, only a text")
    prepare = file.parent / found["prepare"] if "prepare" in found else None
    if prepare is not None and not prepare.is_file():
        raise _wrong(file, f"there is no {found['prepare']}")
    return Settings(
        {rule: None if weight == OFF else Severity(weight) for rule, weight in severity.items()},
        Severity(fails_at),
        found.get("since"),
        found.get("seed"),
        prepare,
        rows,
        found.get("image"),
        file,
    )


def _wrong(file: Path, what: str) -> TicketSchemaError:
    return TicketSchemaError(
        f"[tool.ticket-schema.gate] of {file} is wrong: {what}.",
        hint="List the rules with: ticket-schema gate rules.",
        exit_code=Exit.USAGE,
    )
