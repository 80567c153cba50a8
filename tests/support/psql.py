"""The client `psql`, from the PATH or from the embedded server's package."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

from ticket_schema import embedded


def executable() -> str:
    """Returns the path of a psql."""
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
