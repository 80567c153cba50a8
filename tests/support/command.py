"""Runs the command as its users do: a process of its own, with nothing inherited.

The process is forked from a server that has the libraries in memory, because to import them takes
longer than most commands do. What a fresh interpreter does, tests/package and tests/command/
test_up.py see.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import re
import runpy
import shutil
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
_FORKS = multiprocessing.get_context("forkserver")
_FORKS.set_forkserver_preload(["alembic.command", "psycopg", "sqlalchemy.dialects.postgresql"])
_TIME_LIMIT = 120.0
_W = os.O_WRONLY | os.O_CREAT
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
    given = environment(**({"TICKET_SCHEMA_URL": url} if url else {}), **(variables or {}))
    with tempfile.TemporaryDirectory(prefix="ticket-schema-run-") as place:
        stdout, stderr = Path(place, "stdout"), Path(place, "stderr")
        done = _FORKS.Process(
            target=_main, args=(arguments, folder or Path.cwd(), given, stdout, stderr)
        )
        done.start()
        done.join(_TIME_LIMIT)
        if done.exitcode is None:
            done.kill()
            done.join()
        outcome = Outcome(
            done.exitcode if done.exitcode is not None else -1,
            stdout.read_text(encoding="utf-8"),
            stderr.read_text(encoding="utf-8"),
        )
    assert not outcome.says(PASSWORD), outcome
    return outcome


def _main(
    arguments: tuple[str, ...], folder: Path, variables: dict[str, str], out: Path, err: Path
) -> None:
    """Becomes `python -m ticket_schema`, in a process that was forked for it."""
    for descriptor, file, mode in ((0, Path(os.devnull), os.O_RDONLY), (1, out, _W), (2, err, _W)):
        opened = os.open(file, mode, 0o600)
        os.dup2(opened, descriptor)
        os.close(opened)
    sys.stdout = open(1, "w", encoding="utf-8", closefd=False)  # noqa: SIM115
    sys.stderr = open(2, "w", encoding="utf-8", closefd=False)  # noqa: SIM115
    os.environ.clear()
    os.environ.update(variables)
    os.chdir(folder)
    sys.argv = ["ticket-schema", *arguments]
    runpy.run_module("ticket_schema", run_name="__main__", alter_sys=True)


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
