"""Runs the command as its users do: a process of its own, with nothing inherited."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ticket_schema import embedded
from ticket_schema.catalog import canonical, read_catalog

from .databases import PASSWORD, Database

_INHERITED = ("PATH", "HOME", "TMPDIR", "LANG", "LC_ALL")
_VERSIONS = Path(__file__).parents[2] / "versions"

REVISIONS = sorted(file.name[:4] for file in _VERSIONS.glob("[0-9]*_*.py"))
HEAD = REVISIONS[-1]


@dataclass(frozen=True)
class Outcome:
    """What a run of the command left behind."""

    code: int
    stdout: str
    stderr: str

    @property
    def document(self) -> Any:
        """The only JSON document on stdout."""
        return json.loads(self.stdout)

    @property
    def progress(self) -> list[str]:
        """The lines on stderr."""
        return self.stderr.splitlines()

    def says(self, secret: str) -> bool:
        """Whether a secret was printed, be it broken into lines or boxed in."""
        return secret in re.sub(r"[\s│]", "", self.stdout + self.stderr)

    def refusal(self, code: int) -> str:
        """Returns the two lines of an error, after a look at their form and the exit code."""
        assert self.code == code, self
        *_, what, hint = self.progress
        assert what.startswith("error: "), self
        assert hint.startswith("hint:  "), self
        assert "Traceback" not in self.stderr, self
        assert max(len(what), len(hint)) < 300, self
        if self.stdout:
            said = {"error": what[7:], "hint": hint[7:], "exit_code": code}
            assert self.document == said, self
        return f"{what}\n{hint}"


def run(
    *arguments: str,
    url: str = "",
    folder: Path | None = None,
    variables: Mapping[str, str] | None = None,
) -> Outcome:
    """Runs the command to its end.

    Args:
        arguments: of the command.
        url: put into TICKET_SCHEMA_URL when it is given.
        folder: where it runs.
        variables: more of its environment.
    """
    done = subprocess.run(
        [sys.executable, "-m", "ticket_schema", *arguments],
        cwd=folder,
        env=environment(**({"TICKET_SCHEMA_URL": url} if url else {}), **(variables or {})),
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    outcome = Outcome(done.returncode, done.stdout, done.stderr)
    assert not outcome.says(PASSWORD), outcome
    return outcome


def environment(**variables: str) -> dict[str, str]:
    """Returns an environment that names no database, with some variables added."""
    inherited = {name: os.environ[name] for name in _INHERITED if name in os.environ}
    return {**inherited, "PYTHONUTF8": "1", **variables}


def state(target: Database) -> tuple[str, list[str]]:
    """Returns the schema of a database as text, and the rows of its version table."""
    with target.connect() as connection:
        catalog = read_catalog(connection)
        versions = []
        if "alembic_version" in catalog.get("table", {}):
            query = "SELECT version_num FROM ticketing.alembic_version ORDER BY 1"
            versions = [str(row[0]) for row in connection.execute(query)]
    return canonical(catalog), versions


@contextmanager
def embedded_folder() -> Iterator[Path]:
    """Yields the place for an embedded server, and clears up after it."""
    parent = Path(tempfile.mkdtemp(prefix="ticket-schema-test-"))
    folder = parent / "pg"
    try:
        yield folder
    finally:
        for place in [folder, *(file.parent for file in parent.rglob("postmaster.pid"))]:
            embedded.stop(place)
        shutil.rmtree(parent, ignore_errors=True)
