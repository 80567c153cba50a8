"""sqlfluff on the stamped SQL files of revisions that have not landed.

It takes seconds for a whole chain and its findings are about layout, so it looks at new files only;
`make lint` looks at all of them.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ticket_schema.errors import TicketSchemaError
from ticket_schema.gate.finding import Finding, Severity, Stage, declare
from ticket_schema.gate.project import Project

STYLE = declare(
    "sql-style",
    "style",
    "SQL file that does not keep to the style",
    "Readers and git see changes of layout where there should be none.",
    stage=Stage.STATIC,
    severity=Severity.WARNING,
    convention="SQL stands in stamped files, one object a file",
)

_SECONDS = 300


def check(project: Project) -> list[Finding]:
    """Returns what sqlfluff finds in the SQL files of new revisions.

    Args:
        project: rendered.

    Raises:
        TicketSchemaError: sqlfluff is not installed, or fails.
    """
    if not project.ours or not project.since:
        return []
    owners = {
        one.place.file: revision.id
        for revision in project.checked
        for one in (*revision.up, *revision.down)
        if one.place and one.place.file.suffix == ".sql"
    }
    return list(_findings(_run(sorted(owners)), owners)) if owners else []


def _run(files: list[Path]) -> list[dict[str, Any]]:
    command = [sys.executable, "-m", "sqlfluff", "lint", "--disable-progress-bar"]
    try:
        done = subprocess.run(  # noqa: S603
            [*command, "--format", "json", *map(str, files)],
            # The nearest .sqlfluff above the files counts.
            cwd=files[0].parent,
            capture_output=True,
            text=True,
            timeout=_SECONDS,
            check=False,
        )
        said: list[dict[str, Any]] = json.loads(done.stdout)
    except (OSError, subprocess.SubprocessError, json.JSONDecodeError) as error:
        raise TicketSchemaError(
            "The gate could not run sqlfluff.",
            hint="Install it with: pip install 'ticket-schema[gate]'; then try: sqlfluff version.",
        ) from error
    return said


def _findings(said: list[dict[str, Any]], owners: dict[Path, str]) -> Iterator[Finding]:
    by_name = {str(file): file for file in owners}
    for one in said:
        file = by_name[str(Path(one["filepath"]).resolve())]
        for violation in one["violations"]:
            yield Finding(
                rule=STYLE,
                happens=f"{violation['code']}: {violation['description'].rstrip('.')}.",
                mend=f"sqlfluff fix {file.name}",
                revision=owners[file],
                file=file,
                line=violation["start_line_no"],
            )
