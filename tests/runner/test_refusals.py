"""What the runner refuses before it touches anything, each with the way out."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from alembic import command

import ticket_schema
from support import databases
from support.command import HEAD
from support.databases import Database
from ticket_schema import TicketSchemaError, alembic_config
from ticket_schema.catalog import canonical, read_catalog
from ticket_schema.embedded import Embedded
from ticket_schema.errors import Exit

LOGIN = "refused_migrator"
ROLES = ("ticketing_owner", "ticketing_app", "ticketing_worker", "ticketing_readonly")


@pytest.fixture
def bare(fresh_cluster: Embedded) -> Iterator[psycopg.Connection]:
    """A superuser in a cluster without our roles, and the migrator's login without any right."""
    with psycopg.connect(fresh_cluster.url("postgres"), autocommit=True) as connection:
        connection.execute(f"CREATE ROLE {LOGIN} LOGIN")
        connection.execute("CREATE DATABASE refused")
        yield connection
        connection.execute("DROP DATABASE refused WITH (FORCE)")
        connection.execute(f"DROP ROLE IF EXISTS {LOGIN}")
        databases.drop_groups(connection)


@pytest.fixture
def url(fresh_cluster: Embedded) -> str:
    return fresh_cluster.url("refused").replace("postgres@", f"{LOGIN}@")


def refused_with(url: str, **options: Any) -> TicketSchemaError:
    with pytest.raises(TicketSchemaError) as refused:
        ticket_schema.upgrade(url, progress=lambda _: None, **options)
    return refused.value


def make_roles(connection: psycopg.Connection) -> None:
    for role in ROLES:
        connection.execute(f"CREATE ROLE {role} NOLOGIN")


def test_missing_roles_that_the_login_may_not_create(bare: psycopg.Connection, url: str) -> None:
    error = refused_with(url)
    assert "may not create the missing roles ticketing_owner" in error.what
    assert "CREATE ROLE ticketing_app NOLOGIN" in error.hint


def test_missing_roles_where_a_dba_makes_them(bare: psycopg.Connection, url: str) -> None:
    bare.execute(f"ALTER ROLE {LOGIN} CREATEROLE")
    error = refused_with(url, create_roles=False)
    assert "These roles are missing" in error.what
    assert "CREATE ROLE ticketing_owner NOLOGIN" in error.hint


def test_a_login_that_may_not_create_a_schema(bare: psycopg.Connection, url: str) -> None:
    bare.execute(f"ALTER ROLE {LOGIN} CREATEROLE")
    error = refused_with(url)
    assert "may not create a schema in database refused" in error.what
    assert error.hint.endswith(f"GRANT CREATE ON DATABASE refused TO {LOGIN}.")


def test_a_login_that_may_not_act_as_the_owner(bare: psycopg.Connection, url: str) -> None:
    make_roles(bare)
    bare.execute(f"GRANT CREATE ON DATABASE refused TO {LOGIN}")
    error = refused_with(url)
    assert "GRANT ticketing_owner TO" in error.hint


@pytest.mark.parametrize("attribute", ["SUPERUSER", "BYPASSRLS"])
@pytest.mark.parametrize("role", ROLES)
def test_a_role_that_row_level_security_would_not_bind(
    attribute: str, role: str, bare: psycopg.Connection, url: str
) -> None:
    make_roles(bare)
    bare.execute(f"GRANT CREATE ON DATABASE refused TO {LOGIN}")
    bare.execute(f"ALTER ROLE {role} {attribute}")
    error = refused_with(url)
    assert error.what == f"Role {role} is a superuser or bypasses row level security."
    assert "NOSUPERUSER NOBYPASSRLS" in error.hint


@pytest.mark.parametrize("role", ROLES[1:])
def test_a_group_role_that_is_a_member_of_the_owner(
    role: str, bare: psycopg.Connection, url: str
) -> None:
    make_roles(bare)
    bare.execute(f"GRANT CREATE ON DATABASE refused TO {LOGIN}")
    bare.execute(f"GRANT ticketing_owner TO {role}")
    assert refused_with(url).hint == f"Run: REVOKE ticketing_owner FROM {role}."


def test_an_owner_that_may_log_in(bare: psycopg.Connection, url: str) -> None:
    make_roles(bare)
    bare.execute(f"GRANT CREATE ON DATABASE refused TO {LOGIN}")
    bare.execute("ALTER ROLE ticketing_owner LOGIN")
    assert refused_with(url).hint == "Run: ALTER ROLE ticketing_owner NOLOGIN."


def test_a_migrator_that_does_not_inherit_can_migrate(bare: psycopg.Connection, url: str) -> None:
    make_roles(bare)
    bare.execute(f"GRANT CREATE ON DATABASE refused TO {LOGIN}")
    bare.execute(f"GRANT ticketing_owner TO {LOGIN} WITH INHERIT FALSE, SET TRUE")
    ticket_schema.upgrade(url, "0000", progress=lambda _: None)
    ticket_schema.upgrade(url, progress=lambda _: None)
    command.downgrade(alembic_config(url, progress=lambda _: None), "base")
    ticket_schema.upgrade(url, progress=lambda _: None)


def test_the_rights_that_the_hints_ask_for_are_enough(bare: psycopg.Connection, url: str) -> None:
    make_roles(bare)
    bare.execute(f"GRANT CREATE ON DATABASE refused TO {LOGIN}")
    bare.execute(f"GRANT ticketing_owner TO {LOGIN}")
    ticket_schema.upgrade(url, progress=lambda _: None, create_roles=False)
    command.downgrade(alembic_config(url, progress=lambda _: None), "base")


def test_a_login_with_createrole_and_a_database_of_its_own_is_enough(
    bare: psycopg.Connection, url: str
) -> None:
    bare.execute(f"ALTER ROLE {LOGIN} CREATEROLE")
    bare.execute(f"ALTER DATABASE refused OWNER TO {LOGIN}")
    ticket_schema.upgrade(url, progress=lambda _: None)
    with psycopg.connect(url, autocommit=True) as connection:
        assert set(read_catalog(connection)["role"]) == set(ROLES)


def test_a_read_only_database(empty: Database) -> None:
    with empty.connect() as connection:
        connection.execute(f"ALTER DATABASE {empty.name} SET default_transaction_read_only = on")
    assert "read-only" in refused_with(empty.migrator_url).what


def test_tables_without_a_version_row(empty: Database) -> None:
    ticket_schema.upgrade(empty.migrator_url, progress=lambda _: None)
    with empty.connect() as connection:
        connection.execute("DELETE FROM ticketing.alembic_version")
        before = canonical(read_catalog(connection))

    error = refused_with(empty.migrator_url)

    assert "has tables (" in error.what
    assert "ticket-schema stamp" in error.hint
    with empty.connect() as connection:
        assert canonical(read_catalog(connection)) == before


def test_a_stamp_mends_a_lost_version_row(empty: Database) -> None:
    ticket_schema.upgrade(empty.migrator_url, progress=lambda _: None)
    with empty.connect() as connection:
        connection.execute("DELETE FROM ticketing.alembic_version")

    command.stamp(alembic_config(empty.migrator_url, progress=lambda _: None), HEAD)

    ticket_schema.upgrade(empty.migrator_url, progress=lambda _: None)
    with empty.connect() as connection:
        version = connection.execute("SELECT version_num FROM ticketing.alembic_version").fetchall()
    assert version == [(HEAD,)]


def test_a_database_ahead_of_the_package(clone: Database) -> None:
    with clone.connect() as connection:
        connection.execute("UPDATE ticketing.alembic_version SET version_num = '0999'")
    error = refused_with(clone.migrator_url)
    assert "stands at revision 0999, which this package does not know" in error.what
    assert error.exit_code == Exit.FAILED


def test_an_unknown_target(empty: Database) -> None:
    with pytest.raises(TicketSchemaError, match="nowhere") as refused:
        ticket_schema.upgrade(empty.migrator_url, "nowhere", progress=lambda _: None)
    assert refused.value.exit_code == Exit.USAGE
    with empty.connect() as connection:
        assert connection.execute("SELECT to_regnamespace('ticketing')").fetchone() == (None,)


def test_nothing_to_do_needs_no_rights(clone: Database) -> None:
    ticket_schema.upgrade(clone.url("ts_test_readonly"), progress=lambda _: None)


def test_a_purge_is_refused_before_it_purges(clone: Database) -> None:
    config = alembic_config(clone.migrator_url, progress=lambda _: None)
    with pytest.raises(TicketSchemaError, match="purge"):
        command.stamp(config, "0000", purge=True)
    with clone.connect() as connection:
        version = connection.execute("SELECT version_num FROM ticketing.alembic_version").fetchall()
    assert version == [(HEAD,)]


def test_a_stamp_that_makes_the_version_table_makes_it_whole(empty: Database) -> None:
    ticket_schema.upgrade(empty.migrator_url, progress=lambda _: None)
    with empty.connect() as connection:
        before = canonical(read_catalog(connection))
        connection.execute("DROP TABLE ticketing.alembic_version")

    command.stamp(alembic_config(empty.migrator_url, progress=lambda _: None), HEAD)

    with empty.connect() as connection:
        assert canonical(read_catalog(connection)) == before
