"""Writes docs/gate-score.md: what the gate, squawk and pytest-alembic make of the corpus.

    PYTHONPATH=tests python tests/gate/score.py [PYTHON]

PYTHON is an interpreter that has pytest-alembic and psycopg; without it that column stays as it is
on the page.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path

import psycopg

from support.corpus import CASES, Case, judged
from ticket_schema import embedded
from ticket_schema.gate import project

PAGE = Path(__file__).parents[2] / "docs" / "gate-score.md"
TOOLS = ("gate, read", "gate, whole", "squawk", "pytest-alembic")

# What squawk says of the style of any file, be it dangerous or not.
_STYLE = re.compile(r"^prefer-(?!robust-stmts)|^require-(lock-|statement-)?timeout")

_ENV = """
from alembic import context

connection = context.config.attributes["connection"]
with connection.connect() as opened:
    context.configure(connection=opened, transaction_per_migration=%s)
    with context.begin_transaction():
        context.run_migrations()
"""
_CONFTEST = """
import pytest
from pytest_alembic.config import Config
from sqlalchemy import create_engine, text


@pytest.fixture
def alembic_config():
    return Config(config_options={{"file": {ini!r}}})


@pytest.fixture
def alembic_engine():
    engine = create_engine({url!r})
    with engine.begin() as connection:
        connection.execute(text("DROP SCHEMA public CASCADE"))
        connection.execute(text("CREATE SCHEMA public"))
    return engine
"""

_HEAD = """\
What `ticket-schema gate`, squawk and pytest-alembic make of the labelled revisions in
[tests/gate/corpus](../tests/gate/corpus). `make gate-score` writes this page.

The gate stands here twice: as it reads alone (`--static`), and whole, with the rehearsal. squawk
runs with its rules as they come on what `alembic upgrade --sql` prints of each revision; whatever
it says beyond style and missing timeouts counts for it. pytest-alembic runs its tests, less the
one for models, on an empty database; a test that fails counts. Neither was made for all of this:
squawk sees no Python, no earlier revision and no phase, pytest-alembic no locks and no rows.

The corpus was written together with the rules, so it says what they are meant to see and that
they do; it is no measure of what nobody thought of. What reading misses, such as A11 to A15,
can be told only by running a revision. Cases that are noted take a lock that cannot be had
otherwise: a note names it, which is no alarm and counts for nobody."""

Flagged = dict[str, bool]


def by_reading(case: Case, folder: Path) -> bool:
    """Returns whether the gate says more of a case than a note, when it runs nothing."""
    return bool(judged(case.name, folder).rules)


def by_the_whole_gate(case: Case, folder: Path, url: str) -> bool:
    """Returns whether the whole gate says more of a case than a note."""
    return bool(judged(case.name, folder, url).rules)


def by_squawk(case: Case, folder: Path) -> bool:
    """Returns whether squawk, with its rules as they come, says more of a case than of its style.

    It is given what `alembic upgrade --sql` prints of the revision, and the two timeouts.
    """
    loaded = project.load(case.project(folder).ini)
    loaded.render()
    (revision,) = [one for one in loaded.revisions if one.id == case.name]
    lines = ["SET lock_timeout = '1s';", "SET statement_timeout = '5s';"]
    inside: int | None = None
    for statement in revision.up:
        if statement.transaction != inside:
            lines += ["COMMIT;"] if inside is not None else []
            lines += ["BEGIN;"] if statement.transaction is not None else []
            inside = statement.transaction
        lines.append(f"{statement.text};")
    lines += ["COMMIT;"] if inside is not None else []
    done = subprocess.run(
        [str(Path(sys.executable).with_name("squawk")), "--reporter", "json"],
        input="\n".join(lines),
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    return any(not _STYLE.match(one["rule_name"]) for one in json.loads(done.stdout or "[]"))


def by_pytest_alembic(case: Case, folder: Path, python: str, url: str) -> bool:
    """Returns whether a test of pytest-alembic fails; the one for models is left out."""
    made = case.project(folder)
    (folder / "migrations" / "env.py").write_text(_ENV % (not case.together))
    (folder / "tests").mkdir()
    (folder / "tests" / "conftest.py").write_text(
        _CONFTEST.format(ini=str(made.ini), url=url.replace("postgresql:", "postgresql+psycopg:"))
    )
    options = ["--rootdir", ".", "-p", "no:cacheprovider", "-k", "not model_definitions"]
    done = subprocess.run(
        [python, "-m", "pytest", "-q", "--test-alembic", *options],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode in (0, 1), done.stdout + done.stderr
    return done.returncode == 1


def flagged(cases: Iterable[Case], look: Callable[[Case, Path], bool]) -> Flagged:
    """Returns for each case whether a tool says something of it."""
    found = {}
    for case in cases:
        with tempfile.TemporaryDirectory(prefix="ticket-schema-score-") as folder:
            found[case.name] = look(case, Path(folder) / "project")
    return found


def counted() -> list[Case]:
    """Returns the cases that are scored: those with a verdict of their own."""
    return [case for case in CASES if case.verdict in ("dangerous", "safe") and case.row != "none"]


def rows_of(page: str) -> dict[str, dict[str, bool]]:
    """Returns what a page says of each case, by tool."""
    found: dict[str, dict[str, bool]] = {tool: {} for tool in TOOLS}
    for name, *marks in re.findall(
        r"^\| \[`(\w+)`\]\S* \| \w+ \| (\S*) \| (\S*) \| (\S*) \| (\S*) \|$", page, re.MULTILINE
    ):
        for tool, mark in zip(TOOLS, marks, strict=True):
            found[tool][name] = mark in ("caught", "alarm")
    return found


def render(said: dict[str, Flagged]) -> str:
    """Returns the page."""
    cases = counted()
    cases.sort(key=lambda case: (_row_key(case), case.verdict, case.name))
    lines = [
        "# The gate on its corpus",
        "",
        _HEAD,
        "",
        "| | " + " | ".join(TOOLS) + " |",
        "|---|" + "---|" * len(TOOLS),
    ]
    for verdict, what in (("dangerous", "caught"), ("safe", "false alarms")):
        mine = [case for case in cases if case.verdict == verdict]
        numbers = [sum(said[tool].get(case.name, False) for case in mine) for tool in TOOLS]
        lines.append(
            f"| {what}, of {len(mine)} {verdict} | " + " | ".join(map(str, numbers)) + " |"
        )
    lines += ["", "| row | dangerous | " + " | ".join(TOOLS) + " | safe | "]
    lines[-1] += " | ".join(TOOLS) + " |"
    lines.append("|---|---|---|" + "---|" * 2 * len(TOOLS))
    for row in dict.fromkeys(case.row for case in cases):
        cells = [row]
        for verdict in ("dangerous", "safe"):
            mine = [case for case in cases if case.row == row and case.verdict == verdict]
            cells.append(str(len(mine)))
            cells += [str(sum(said[tool].get(case.name, False) for case in mine)) for tool in TOOLS]
        lines.append(f"| {' | '.join(cells)} |")
    lines += ["", "| case | verdict | " + " | ".join(TOOLS) + " |"]
    lines.append("|---|---|" + "---|" * len(TOOLS))
    for case in cases:
        words = ("caught", "missed") if case.verdict == "dangerous" else ("alarm", "quiet")
        marks = [words[0] if said[tool].get(case.name, False) else words[1] for tool in TOOLS]
        link = f"[`{case.name}`](../tests/gate/corpus/{case.name}.py)"
        lines.append(f"| {link} | {case.verdict} | {' | '.join(marks)} |")
    return "\n".join(lines) + "\n"


def _row_key(case: Case) -> tuple[str, int]:
    return case.row[0], int(case.row[1:])


def main() -> None:
    """Writes the page."""
    cases = counted()
    said = rows_of(PAGE.read_text(encoding="utf-8")) if PAGE.is_file() else {}
    said["gate, read"] = flagged(cases, by_reading)
    said["squawk"] = flagged(cases, by_squawk)
    with tempfile.TemporaryDirectory(prefix="ticket-schema-score-") as folder:
        server = embedded.start(Path(folder) / "pg")
        try:
            url = server.url("postgres")
            said["gate, whole"] = flagged(
                cases, lambda case, place: by_the_whole_gate(case, place, url)
            )
            if len(sys.argv) > 1:
                said["pytest-alembic"] = _in_databases(cases, sys.argv[1], server)
        finally:
            embedded.stop(server.folder)
    PAGE.write_text(render({tool: said.get(tool, {}) for tool in TOOLS}), encoding="utf-8")


def _in_databases(cases: list[Case], python: str, server: embedded.Embedded) -> Flagged:
    def look(case: Case, place: Path) -> bool:
        with psycopg.connect(server.url("postgres"), autocommit=True) as connection:
            connection.execute("DROP DATABASE IF EXISTS score WITH (FORCE)")
            connection.execute("CREATE DATABASE score")
        return by_pytest_alembic(case, place, python, server.url("score"))

    return flagged(cases, look)


if __name__ == "__main__":
    main()
