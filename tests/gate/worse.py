"""Copies of our own revisions that can be made worse."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from ticket_schema import gate, steps
from ticket_schema.gate import project
from ticket_schema.gate.finding import Report

ROOT = Path(__file__).parents[2]
APPLY = r"(steps\.apply\(revision, STEPS\))"


class Copy:
    """A copy of our revisions and their SQL that can be made worse."""

    def __init__(self, folder: Path) -> None:
        self.versions = folder / "versions"
        self.sql = folder / "sql"
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(ROOT / "versions", self.versions, ignore=ignored)
        shutil.copytree(ROOT / "sql", self.sql, ignore=ignored)
        self.ini = folder / "alembic.ini"
        self.ini.write_text(
            "[alembic]\nscript_location = ticket_schema:migrations\npath_separator = newline\n"
            f"version_locations = {self.versions}\n"
        )

    def modules(self) -> list[Path]:
        return sorted(self.versions.glob("[0-9]*_*.py"))

    def module(self, revision: str) -> Path:
        (found,) = self.versions.glob(f"{revision}_*.py")
        return found

    def stamped(self, kind: str, revision: str) -> list[Path]:
        return sorted(self.sql.glob(f"{kind}/*.{revision}.sql"))

    def check(self) -> Report:
        return gate.check(self.ini)


def copied(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Copy:
    """Makes a copy, whose files are read in place of those of the package."""
    made = Copy(folder)
    monkeypatch.setattr(steps, "_sql", lambda: made.sql)
    monkeypatch.setattr(project, "_sql_folder", lambda: made.sql)
    monkeypatch.setattr(steps, "stamps", steps.stamps.__wrapped__)
    return made


def changed(file: Path, pattern: str, by: str) -> bool:
    text = file.read_text()
    new = re.sub(pattern, by, text, flags=re.MULTILINE)
    file.write_text(new)
    return new != text
