"""An Alembic project that adds revisions of its own to the packaged ones."""

from __future__ import annotations

import os
import subprocess
import sys
from importlib.resources import files
from pathlib import Path
from textwrap import dedent, indent
from typing import Any

from alembic.config import Config

from ticket_schema import alembic_config

from .command import HEAD


class Project:
    """Revisions in a folder, on top of the package's head.

    Args:
        folder: where the ini file and the revisions go.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._last = HEAD
        self.locations = f"{files('ticket_schema.migrations.versions')}\n{folder}"
        (folder / "alembic.ini").write_text(
            "[alembic]\nscript_location = ticket_schema:migrations\npath_separator = newline\n"
            f"version_locations =\n{indent(self.locations, '  ')}\n"
        )

    def revision(self, number: str, upgrade: str, downgrade: str = "pass") -> None:
        """Adds a revision; the texts are Python statements that may use `steps` and `op`."""
        head = dedent(
            f'''
            """Revision {number}."""
            from alembic import op
            from ticket_schema import steps

            revision = "{number}"
            down_revision = "{self._last}"
            '''
        ).lstrip()
        body = (
            f"\n\ndef upgrade() -> None:\n{indent(dedent(upgrade).strip(), '    ')}"
            f"\n\n\ndef downgrade() -> None:\n{indent(dedent(downgrade).strip(), '    ')}\n"
        )
        (self.folder / f"{number}.py").write_text(head + body)
        self._last = number

    def config(self, url: str, **options: Any) -> Config:
        """Returns its configuration, for running it in this process."""
        config = alembic_config(url, **options)
        config.set_main_option("version_locations", self.locations)
        config.attributes.setdefault("progress", lambda _: None)
        return config

    def start(self, *arguments: str, url: str) -> subprocess.Popen[str]:
        """Starts plain `alembic` in the folder."""
        return subprocess.Popen(
            [sys.executable, "-m", "alembic", *arguments],
            cwd=self.folder,
            env={**os.environ, "DATABASE_URL": url, "TICKET_SCHEMA_URL": ""},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
