"""The client programs `psql` and `pg_dump`."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

from ticket_schema import embedded


def executable() -> str:
    """Returns the path of a psql, from the PATH or from the embedded server's package."""
    return shutil.which("psql") or str(embedded.programs() / "psql")


def psql(url: str, script: str) -> subprocess.CompletedProcess[str]:
    """Runs a script and stops at the first error."""
    return subprocess.run(
        [executable(), "--no-psqlrc", "--quiet", "-v", "ON_ERROR_STOP=1", url],
        input=script,
        env={**os.environ, "PGOPTIONS": "", "HOME": str(Path.cwd())},
        capture_output=True,
        text=True,
        check=False,
    )


def dump(url: str) -> str:
    """Returns what pg_dump says of the schema of a database, without what changes every time.

    Args:
        url: of a superuser. The program is the embedded server's: it must not be older than the
            server, and that one is the newest that the package supports.
    """
    done = subprocess.run(
        [str(embedded.programs() / "pg_dump"), "--schema-only", url],
        capture_output=True,
        text=True,
        check=True,
    )
    # The key of these two is random, against scripts that hide in what is dumped.
    lines = [line for line in done.stdout.splitlines() if not re.match(r"\\(un)?restrict ", line)]
    return "\n".join(lines)
