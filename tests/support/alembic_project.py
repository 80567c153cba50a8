"""An Alembic project as others write them, made by hand in a folder."""

from __future__ import annotations

import subprocess
from pathlib import Path
from textwrap import dedent, indent

_ENV = """
from alembic import context
from sqlalchemy import create_engine, pool

config = context.config


def run_migrations_offline() -> None:
    context.configure(
        url=config.get_main_option("sqlalchemy.url"),
        literal_binds=True,
        dialect_opts={"paramstyle": "named"},%s
    )
    with context.begin_transaction():
        context.run_migrations()


def run_migrations_online() -> None:
    url = config.get_main_option("sqlalchemy.url")
    with create_engine(url%s, poolclass=pool.NullPool).connect() as connection:
        context.configure(connection=connection,%s)
        with context.begin_transaction():
            context.run_migrations()


if context.is_offline_mode():
    run_migrations_offline()
else:
    run_migrations_online()
"""


class AlembicProject:
    """A project with an ini, the usual `env.py` and revisions, one after the other.

    Args:
        folder: where it is made.
        per_migration: whether each revision has a transaction of its own.
        env: the text of `env.py`; the usual one by default.
        lock_timeout: how long a session waits for a lock, for ever by default.
    """

    def __init__(
        self,
        folder: Path,
        *,
        per_migration: bool = True,
        env: str | None = None,
        lock_timeout: str = "",
    ) -> None:
        self.folder = folder
        self.ini = folder / "alembic.ini"
        self.versions = folder / "migrations" / "versions"
        self.versions.mkdir(parents=True)
        option = "\n        transaction_per_migration=True," if per_migration else ""
        waits = f", connect_args={{'options': '-c lock_timeout={lock_timeout}'}}"
        timeout = waits if lock_timeout else ""
        text = env if env is not None else _ENV % (option, timeout, option.strip())
        (folder / "migrations" / "env.py").write_text(text)
        self.ini.write_text(
            "[alembic]\nscript_location = %(here)s/migrations\n"
            "prepend_sys_path = .\npath_separator = os\n"
            "sqlalchemy.url = driver://user:secret@localhost/dbname\n"
        )
        self._last: str | None = None

    def revision(
        self, number: str, upgrade: str, downgrade: str = "pass", *, head: str = ""
    ) -> Path:
        """Adds a revision and returns its module.

        Args:
            number: its identifier.
            upgrade: Python statements that may use `op` and `sa`.
            downgrade: the same for the way down.
            head: more for the module's top level.
        """
        module = (
            f'"""Revision {number}."""\n\nimport sqlalchemy as sa\nfrom alembic import op\n\n'
            f"revision = {number!r}\ndown_revision = {self._last!r}\n"
            "branch_labels = None\ndepends_on = None\n"
            f"{dedent(head).strip()}\n\n"
            f"def upgrade() -> None:\n{indent(dedent(upgrade).strip(), '    ')}\n\n"
            f"def downgrade() -> None:\n{indent(dedent(downgrade).strip(), '    ')}\n"
        )
        path = self.versions / f"{number}_it.py"
        path.write_text(module)
        self._last = number
        return path

    def commit(self, tag: str) -> None:
        """Commits everything and tags it."""
        if not (self.folder / ".git").exists():
            self._git("init", "--quiet")
        self._git("add", "--all")
        self._git("commit", "--quiet", "--message", tag)
        self._git("tag", tag)

    def _git(self, *arguments: str) -> None:
        name = ("-c", "user.name=Test", "-c", "user.email=test@example.org")
        subprocess.run(
            ["git", "-C", str(self.folder), *name, "-c", "commit.gpgsign=false", *arguments],
            check=True,
            capture_output=True,
            timeout=60,
        )
