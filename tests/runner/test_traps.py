"""Settings under which Alembic would do nothing, or the wrong thing, without an error."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config

from support.command import HEAD
from support.databases import Database
from ticket_schema import TicketSchemaError, alembic_config
from ticket_schema.runner import Progress


@pytest.mark.parametrize(
    "locations",
    ["ticket_schema:versions", "/nowhere/at/all"],
    ids=["a package path that is split at its colon", "a folder that is not there"],
)
def test_an_environment_without_revisions_fails_loudly(
    locations: str, empty: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    ini = tmp_path / "alembic.ini"
    ini.write_text(
        "[alembic]\nscript_location = ticket_schema:migrations\n"
        f"version_locations = {locations}\npath_separator = os\n"
    )
    config = Config(ini)
    config.attributes["options"] = {"url": empty.migrator_url}

    with pytest.raises(TicketSchemaError, match="No revisions were found"):
        command.upgrade(config, "head")

    with empty.connect() as connection:
        assert connection.execute("SELECT to_regnamespace('ticketing')").fetchone() == (None,)


def test_an_offline_script_without_revisions_fails_as_well(tmp_path: Path) -> None:
    ini = tmp_path / "alembic.ini"
    ini.write_text(
        "[alembic]\nscript_location = ticket_schema:migrations\n"
        "version_locations = /nowhere\npath_separator = newline\n"
    )
    with pytest.raises(TicketSchemaError, match="No revisions were found"):
        command.upgrade(Config(ini), "head", sql=True)


def test_percent_signs_are_not_doubled_offline() -> None:
    config = alembic_config()
    config.output_buffer = buffer = io.StringIO()
    command.upgrade(config, "base:head", sql=True)
    assert "%I" in buffer.getvalue()
    assert "%%" not in buffer.getvalue()


def test_a_head_that_somebody_else_moved_is_noticed(
    empty: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    def meddle(progress: Progress) -> None:
        if (progress.kind, progress.revision) == ("done", HEAD):
            with empty.connect() as connection:
                connection.execute("UPDATE ticketing.alembic_version SET version_num = '0000'")

    config = alembic_config(empty.migrator_url, progress=meddle)
    with pytest.raises(TicketSchemaError, match=f"stands at 0000 instead of {HEAD}"):
        command.upgrade(config, "head")
