"""The Python face of the package."""

from __future__ import annotations

from collections.abc import Callable
from importlib.resources import files
from typing import Any

from alembic import command
from alembic.config import Config

from ticket_schema.runner import Progress


def alembic_config(
    url: str | None = None,
    *,
    progress: Callable[[Progress], None] | None = None,
    **options: Any,
) -> Config:
    """Returns the Alembic configuration of the packaged environment; no ini file is needed.

    Args:
        url: connection string of the database; without it TICKET_SCHEMA_URL or DATABASE_URL count.
        progress: called with each step of a run; without it, lines are printed.
        options: settings of the run, see `ticket_schema.runner.Options`.
    """
    config = Config()
    config.set_main_option("script_location", "ticket_schema:migrations")
    # An editable install keeps the revisions elsewhere than below script_location.
    config.set_main_option("path_separator", "newline")
    versions = str(files("ticket_schema.migrations.versions"))
    config.set_main_option("version_locations", versions.replace("%", "%%"))
    config.attributes["options"] = {"url": url, **options}
    if progress is not None:
        config.attributes["progress"] = progress
    return config


def upgrade(
    url: str | None = None,
    revision: str = "head",
    *,
    progress: Callable[[Progress], None] | None = None,
    **options: Any,
) -> None:
    """Brings a database to a revision.

    Args:
        url: connection string of the database; without it TICKET_SCHEMA_URL or DATABASE_URL count.
        revision: the target, as Alembic writes it.
        progress: called with each step of the run; without it, lines are printed.
        options: settings of the run, see `ticket_schema.runner.Options`.

    Raises:
        TicketSchemaError: the run was refused or failed; `what` and `hint` say why and
            how to go on.
    """
    command.upgrade(alembic_config(url, progress=progress, **options), revision)
