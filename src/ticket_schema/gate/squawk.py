"""squawk on a slice of SQL per revision, for what it knows beyond our own rules.

squawk (https://squawkhq.com) reads text and knows neither the revisions before nor the transactions
of Alembic. Where a rule of ours looks at the same thing with that knowledge, squawk's is left out,
so that each thing is said once.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
from bisect import bisect_right
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from ticket_schema.errors import TicketSchemaError
from ticket_schema.gate.finding import Finding, Rule, Severity, Stage, declare
from ticket_schema.gate.project import Project, Statement

_SECONDS = 120


_rule = partial(declare, stage=Stage.STATIC, severity=Severity.WARNING)


# squawk's rule, ours, and the mend.
RULES: dict[str, tuple[Rule, str]] = {
    "ban-duplicate-column-assignments": (
        _rule(
            "duplicate-assignment",
            "D10",
            "column assigned twice in one UPDATE",
            "PostgreSQL refuses it, so the upgrade fails.",
            severity=Severity.ERROR,
        ),
        "UPDATE … SET each_column_once = …;",
    ),
    "ban-alter-domain-with-add-constraint": (
        _rule(
            "domain-constraint",
            "A4",
            "constraint added to a domain",
            "Every table with a column of that domain is read under a lock.",
        ),
        "-- a CHECK on each table instead, NOT VALID and then validated",
    ),
    "prefer-timestamp-tz": (
        _rule(
            "timestamp-without-time-zone",
            "E4",
            "timestamp without time zone",
            "It means another moment for each reader with another time zone.",
            severity=Severity.NOTE,
        ),
        "timestamptz",
    ),
    "ban-char-field": (
        _rule(
            "char-column",
            "E4",
            "char(n) column",
            "It pads with blanks, which comparisons then overlook.",
            severity=Severity.NOTE,
        ),
        "text",
    ),
}


def check(project: Project) -> list[Finding]:
    """Returns what squawk finds in the revisions that are looked at.

    Args:
        project: rendered.

    Raises:
        TicketSchemaError: squawk is not installed, or fails.
    """
    slices: dict[str, tuple[list[int], list[Statement], str]] = {}
    with tempfile.TemporaryDirectory(prefix="ticket-schema-gate-") as folder:
        names = []
        for number, revision in enumerate(project.checked):
            name = f"{number:05}.sql"
            starts, text = _slice(revision.up)
            slices[name] = (starts, list(revision.up), revision.id)
            (Path(folder) / name).write_text(text, encoding="utf-8")
            names.append(name)
        said = _run(folder, names) if names else []
    return list(_findings(said, slices))


def _slice(statements: tuple[Statement, ...]) -> tuple[list[int], str]:
    starts, lines = [], 0
    parts = []
    for one in statements:
        starts.append(lines)
        parts.append(f"{one.text};\n")
        lines += one.text.count("\n") + 1
    return starts, "".join(parts)


def _run(folder: str, names: list[str]) -> list[dict[str, object]]:
    beside = Path(sys.executable).with_name("squawk")
    program = str(beside) if beside.is_file() else shutil.which("squawk")
    if program is None:
        raise TicketSchemaError(
            "The gate needs squawk.", hint="Install it with: pip install 'ticket-schema[gate]'."
        )
    try:
        done = subprocess.run(  # noqa: S603
            [program, "--reporter", "json", "--assume-in-transaction", *names],
            cwd=folder,
            capture_output=True,
            text=True,
            timeout=_SECONDS,
            check=False,
        )
        said: list[dict[str, object]] = json.loads(done.stdout or "[]")
    except (OSError, subprocess.SubprocessError, json.JSONDecodeError) as error:
        raise TicketSchemaError(
            f"squawk failed: {type(error).__name__}.", hint="Try: squawk --version."
        ) from error
    return said


def _findings(
    said: list[dict[str, object]], slices: dict[str, tuple[list[int], list[Statement], str]]
) -> Iterator[Finding]:
    for one in said:
        known = RULES.get(str(one["rule_name"]))
        if known is None:
            continue
        rule, mend = known
        starts, statements, revision = slices[Path(str(one["file"])).name]
        statement = statements[max(0, bisect_right(starts, int(str(one["line"]))) - 1)]
        place = statement.place
        yield Finding(
            rule=rule,
            happens=rule.why,
            mend=mend,
            revision=revision,
            file=place.file if place else None,
            line=place.line if place else None,
            last_line=place.last_line if place else None,
            statement=statement.text,
        )
