"""Small Alembic projects, written to a folder and rehearsed."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent, indent

from ticket_schema.gate.project import Project, load

ENV = """
from alembic import context
from sqlalchemy import engine_from_config, pool, text

config = context.config


def run_online():
    engine = engine_from_config(
        config.get_section(config.config_ini_section), prefix="sqlalchemy.",
        poolclass=pool.NullPool,
    )
    with engine.connect() as connection:
        connection.execute(text("SET lock_timeout = '2s'"))
        connection.commit()
        context.configure(
            connection=connection, target_metadata=None, transaction_per_migration=True
        )
        with context.begin_transaction():
            context.run_migrations()


if context.is_offline_mode():
    context.configure(
        url="postgresql://", literal_binds=True, dialect_opts={"paramstyle": "named"}
    )
    with context.begin_transaction():
        context.run_migrations()
else:
    run_online()
"""


class Plain:
    """A project of its own, with an `env.py` as `alembic init` makes it.

    Args:
        folder: where it goes.
        env: the text of its `env.py`.
    """

    def __init__(self, folder: Path, env: str = ENV) -> None:
        self.folder = folder
        self.numbers: list[str] = []
        (folder / "migrations" / "versions").mkdir(parents=True)
        (folder / "migrations" / "env.py").write_text(env)
        (folder / "alembic.ini").write_text(
            "[alembic]\nscript_location = %(here)s/migrations\n"
            "sqlalchemy.url = postgresql+psycopg://nobody@nowhere.invalid/production\n"
        )

    def revision(
        self, number: str, upgrade: str, downgrade: str = "pass", *, down: str | None = None
    ) -> Plain:
        """Adds a revision on top of the last one; the texts are Python statements."""
        below = down or (self.numbers[-1] if self.numbers else None)
        head = dedent(
            f'''
            """Revision {number}."""
            import sqlalchemy as sa
            from alembic import op

            revision = "{number}"
            down_revision = {below!r}
            '''
        ).lstrip()
        body = (
            f"\n\ndef upgrade():\n{indent(dedent(upgrade).strip(), '    ')}"
            f"\n\n\ndef downgrade():\n{indent(dedent(downgrade).strip(), '    ')}\n"
        )
        (self.folder / "migrations" / "versions" / f"{number}.py").write_text(head + body)
        self.numbers.append(number)
        return self

    def sql(self, number: str, *upgrade: str, downgrade: str = "") -> Plain:
        """Adds a revision of SQL statements, each in a call of its own."""
        up = "\n".join(f"op.execute({one!r})" for one in upgrade)
        down = "\n".join(f"op.execute({one!r})" for one in downgrade.split(";") if one.strip())
        return self.revision(number, up, down or "pass")

    @property
    def ini(self) -> Path:
        return self.folder / "alembic.ini"

    def load(self) -> Project:
        return load(self.ini)
