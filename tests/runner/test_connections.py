"""Which connections the runner takes, and how it leaves them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
import sqlalchemy as sa
from alembic import command
from sqlalchemy.pool import NullPool

import ticket_schema
from support.command import HEAD
from support.databases import Database
from support.servers import Server
from ticket_schema import TicketSchemaError, alembic_config


@pytest.fixture
def engine(empty: Database) -> Iterator[sa.Engine]:
    engine = sa.create_engine(
        "postgresql+psycopg://",
        creator=lambda: psycopg.connect(empty.migrator_url),
        poolclass=NullPool,
    )
    yield engine
    engine.dispose()


def test_a_connection_that_is_handed_over_comes_back_as_it_was(engine: sa.Engine) -> None:
    config = alembic_config(progress=lambda _: None)
    with engine.connect() as connection:
        connection.execute(sa.text("SET lock_timeout = '7s'"))
        connection.commit()
        config.attributes["connection"] = connection
        command.upgrade(config, "head")

        assert not connection.in_transaction()
        assert connection.scalar(sa.text("SELECT current_user")) == "ts_test_migrator"
        assert connection.scalar(sa.text("SHOW row_security")) == "on"
        assert connection.scalar(sa.text("SHOW lock_timeout")) == "7s"
        assert connection.scalar(sa.text("SELECT version_num FROM ticketing.alembic_version")) == (
            HEAD
        )


def test_a_connection_inside_a_transaction_is_refused(engine: sa.Engine) -> None:
    config = alembic_config(progress=lambda _: None)
    with engine.connect() as connection:
        connection.execute(sa.text("SELECT 1"))
        config.attributes["connection"] = connection
        with pytest.raises(TicketSchemaError, match="handed over"):
            command.upgrade(config, "head")


def test_a_connection_in_autocommit_mode_is_refused(engine: sa.Engine) -> None:
    config = alembic_config(progress=lambda _: None)
    with engine.execution_options(isolation_level="AUTOCOMMIT").connect() as connection:
        connection.rollback()
        config.attributes["connection"] = connection
        with pytest.raises(TicketSchemaError, match="handed over"):
            command.upgrade(config, "head")


def test_the_callers_own_connect_timeout_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[dict[str, object]] = []

    def connect(_: str, **more: object) -> None:
        seen.append(more)
        raise psycopg.OperationalError

    monkeypatch.setattr(psycopg, "connect", connect)
    for url in ("postgresql://h/db", "postgresql://h/db?connect_timeout=60"):
        with pytest.raises(TicketSchemaError, match="cannot be reached"):
            ticket_schema.upgrade(url)
    assert ["connect_timeout" in more for more in seen] == [True, False]


@pytest.mark.parametrize("variable", ["TICKET_SCHEMA_URL", "DATABASE_URL"])
def test_the_environment_names_the_database(
    variable: str, empty: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("TICKET_SCHEMA_URL", raising=False)
    monkeypatch.delenv("DATABASE_URL", raising=False)
    monkeypatch.setenv(variable, empty.migrator_url)
    ticket_schema.upgrade(progress=lambda _: None)
    with empty.connect() as connection:
        assert connection.execute("SELECT version_num FROM ticketing.alembic_version").fetchone()


def test_no_database_at_all_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TICKET_SCHEMA_URL", raising=False)
    monkeypatch.delenv("DATABASE_URL", raising=False)
    with pytest.raises(TicketSchemaError, match="No database is named"):
        ticket_schema.upgrade(progress=lambda _: None)


def test_an_sqlalchemy_url_is_understood(empty: Database, server: Server) -> None:
    parameters = psycopg.conninfo.conninfo_to_dict(empty.migrator_url)
    host = str(parameters["host"]).replace("/", "%2F")
    url = (
        f"postgresql+psycopg://{parameters['user']}:{parameters['password']}"
        f"@{host}:{parameters.get('port', 5432)}/{empty.name}"
    )
    ticket_schema.upgrade(url, progress=lambda _: None)


def test_an_unknown_x_argument_is_refused(empty: Database, tmp_path: Path) -> None:
    config = alembic_config(empty.migrator_url)
    config.cmd_opts = type("Options", (), {"x": ["lock_timout=3s"]})()
    with pytest.raises(TicketSchemaError, match="-x does not know lock_timout"):
        command.upgrade(config, "head")
