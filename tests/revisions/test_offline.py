"""The offline script does what the online run does."""

from __future__ import annotations

import io
import subprocess
from typing import Any

import psycopg
import pytest
from alembic import command
from alembic.config import Config

from support.command import HEAD
from support.databases import Database, database, migrate
from support.psql import psql
from support.servers import Server
from ticket_schema import alembic_config
from ticket_schema.catalog import canonical, read_catalog


def script(span: str, **options: Any) -> str:
    config: Config = alembic_config(**options)
    config.output_buffer = buffer = io.StringIO()
    start, _, end = span.partition(":")
    run = command.downgrade if end == "base" or end < start != "base" else command.upgrade
    run(config, span, sql=True)
    return buffer.getvalue()


def catalog_of(target: Database) -> str:
    with target.connect() as connection:
        return canonical(read_catalog(connection))


def test_psql_makes_the_same_schema_from_the_script(server: Server, empty: Database) -> None:
    assert psql(empty.migrator_url, script("base:head")).returncode == 0

    with database(server) as online:
        migrate(online)
        assert catalog_of(empty) == catalog_of(online)


def test_a_dollar_a_colon_and_a_percent_sign_arrive_unharmed(empty: Database) -> None:
    psql(empty.migrator_url, script("base:head"))

    with empty.connect() as connection:
        body = connection.execute(
            "SELECT prosrc FROM pg_proc WHERE proname = 'guard_reservation'"
        ).fetchone()
    assert body is not None
    assert "'ticket type % has % left, % wanted'" in body[0]
    assert "%%" not in body[0]


def test_the_way_down_works_as_well(empty: Database) -> None:
    migrate(empty)
    at_head = catalog_of(empty)

    assert psql(empty.migrator_url, script(f"{HEAD}:0000")).returncode == 0
    assert psql(empty.migrator_url, script(f"0000:{HEAD}")).returncode == 0

    assert catalog_of(empty) == at_head


def test_a_part_does_not_run_on_the_wrong_revision(empty: Database) -> None:
    migrate(empty)
    before = catalog_of(empty)

    refused = psql(empty.migrator_url, script("0000:0001"))

    assert refused.returncode != 0
    assert "this part of the script starts at revision 0000" in refused.stderr
    assert catalog_of(empty) == before


def test_roles_can_be_left_to_a_dba() -> None:
    assert "CREATE ROLE" in script("base:head")
    assert "CREATE ROLE" not in script("base:head", create_roles=False)


@pytest.mark.parametrize("span", ["base:head", "0001:base"])
def test_a_script_leaves_the_session_as_it_was(span: str, template: Database) -> None:
    text = script(span)
    for name in ("search_path", "row_security", "lock_timeout", "statement_timeout"):
        assert text.index(f"SET {name}") < text.index(f"RESET {name}")
    assert text.rstrip().endswith("RESET ROLE;")


def test_the_script_stops_at_the_first_error(empty: Database) -> None:
    with psycopg.connect(empty.superuser_url, autocommit=True) as connection:
        connection.execute("CREATE SCHEMA ticketing CREATE TABLE tenants ()")

    result: subprocess.CompletedProcess[str] = psql(empty.superuser_url, script("base:head"))

    assert result.returncode != 0
    assert catalog_of(empty).count('"tickets"') == 0


def test_the_whole_script_runs_again_after_a_downgrade_to_base(empty: Database) -> None:
    migrate(empty)
    at_head = catalog_of(empty)
    command.downgrade(alembic_config(empty.migrator_url, progress=lambda _: None), "base")

    done = psql(empty.migrator_url, script("base:head"))

    assert done.returncode == 0, done.stderr
    assert catalog_of(empty) == at_head


def test_the_whole_script_does_not_run_on_a_migrated_database(empty: Database) -> None:
    migrate(empty)
    before = catalog_of(empty)

    refused = psql(empty.migrator_url, script("base:head"))

    assert refused.returncode != 0
    assert "this script starts at revision base" in refused.stderr
    assert catalog_of(empty) == before
