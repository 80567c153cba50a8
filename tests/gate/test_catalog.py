"""Reading any schema, functions that refer to what is gone, and the queries on what came of it."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest

from support.databases import Database
from ticket_schema.catalog import canonical, read_catalog, read_database
from ticket_schema.gate.functions import broken_functions, can_check_bodies


@pytest.fixture
def admin(empty: Database) -> Iterator[psycopg.Connection]:
    with empty.connect() as connection:
        yield connection


def make(connection: psycopg.Connection, text: str) -> None:
    connection.execute(text.encode())


def test_our_own_schema_reads_as_ever(shared: Database) -> None:
    with shared.connect() as connection:
        ours = read_catalog(connection)
        everything = read_database(connection)
    assert set(everything) == {"ticketing"}
    assert canonical(everything["ticketing"]) == canonical(ours)
    assert len(ours["table"]) > 40


def test_any_schema_is_read(admin: psycopg.Connection) -> None:
    assert read_database(admin) == {}
    make(
        admin,
        """
        CREATE SCHEMA "O'Neil";
        CREATE TABLE "O'Neil".a (id int PRIMARY KEY, n int DEFAULT 7 CHECK (n > 0));
        CREATE TABLE b (id int);
        CREATE TYPE mood AS ENUM ('sad');
        CREATE FUNCTION f(a int) RETURNS int LANGUAGE sql AS 'SELECT 1';
        """,
    )
    found = read_database(admin)
    assert set(found) == {"O'Neil", "public"}
    assert set(found["O'Neil"]["column"]) == {"a.id", "a.n"}
    assert found["O'Neil"]["column"]["a.n"]["default"] == "7"
    assert set(found["public"]["table"]) == {"b"}
    assert set(found["public"]["function"]) == {"f(a integer)"}
    make(admin, "ALTER TYPE mood ADD VALUE 'glad'")
    assert read_database(admin)["public"]["type"] != found["public"]["type"]


def test_what_an_extension_brought_is_left_out(admin: psycopg.Connection) -> None:
    present = "SELECT 1 FROM pg_available_extensions WHERE name = 'plpgsql_check'"
    if admin.execute(present).fetchone() is None:
        pytest.skip("this server has no extension; the container image of CI has")
    make(admin, "CREATE TABLE b (id int); CREATE EXTENSION plpgsql_check")
    found = read_database(admin)["public"]
    assert set(found["table"]) == {"b"}
    assert "function" not in found or not found["function"]


def test_a_function_in_sql_that_reads_what_is_gone(admin: psycopg.Connection) -> None:
    make(
        admin,
        """
        CREATE TABLE a (id int, n int);
        CREATE FUNCTION good() RETURNS int LANGUAGE sql AS 'SELECT id FROM public.a';
        CREATE FUNCTION bad() RETURNS int LANGUAGE sql AS 'SELECT n FROM public.a';
        """,
    )
    assert broken_functions(admin) == []
    before = read_database(admin)
    make(admin, "ALTER TABLE a DROP COLUMN n")
    (found,) = broken_functions(admin)
    assert found.function == "public.bad()"
    assert '"n" does not exist' in found.message
    make(admin, "ALTER TABLE a ADD COLUMN n int")
    # Nothing stays of what was tried.
    assert read_database(admin) == before


def test_a_function_in_plpgsql_that_reads_what_is_gone(admin: psycopg.Connection) -> None:
    if not can_check_bodies(admin):
        pytest.skip("this server has no plpgsql_check; the container image of CI has")
    make(
        admin,
        """
        CREATE TABLE a (id int, n int);
        CREATE FUNCTION seen() RETURNS trigger LANGUAGE plpgsql AS
            'BEGIN NEW.n := NEW.n + 1; RETURN NEW; END';
        CREATE TRIGGER seen BEFORE UPDATE ON a FOR EACH ROW EXECUTE FUNCTION seen();
        CREATE FUNCTION bad() RETURNS int LANGUAGE plpgsql AS
            'BEGIN RETURN (SELECT max(n) FROM public.a); END';
        """,
    )
    assert broken_functions(admin) == []
    make(admin, "ALTER TABLE a DROP COLUMN n")
    found = {one.function: one.message for one in broken_functions(admin)}
    assert set(found) == {"public.seen()", "public.bad()"}
    assert admin.execute("SELECT 1 FROM pg_extension WHERE extname = 'plpgsql_check'").rowcount == 0
