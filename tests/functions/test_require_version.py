"""require_version: a writer who decided on an old row gets an error and writes nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

import psycopg
import pytest

from support.databases import Database
from support.factories import Make
from support.races import in_turn, race
from support.session import Session

if TYPE_CHECKING:
    from conftest import Acting

COUNTING = """
    SELECT c.relname AS table_name,
        (
            SELECT u.column_name FROM information_schema.column_privileges AS u
            WHERE u.table_schema = 'ticketing' AND u.table_name = c.relname
                AND u.grantee = %s AND u.privilege_type = 'UPDATE'
                -- A change of it is an error in itself, or asks for more than the row.
                AND u.column_name NOT IN ('status', 'version')
            ORDER BY u.column_name LIMIT 1
        ) AS column_name
    FROM pg_trigger AS t
    INNER JOIN pg_class AS c ON t.tgrelid = c.oid
    WHERE t.tgfoid = 'ticketing.raise_row_version()'::regprocedure
    ORDER BY 1
"""
WRITERS = 8


def writer_of(table: str) -> str:
    return "ticketing_worker" if table == "payments" else "ticketing_app"


def change(table: str, column: str) -> str:
    return (
        f"UPDATE ticketing.{table} SET {column} = {column} WHERE tenant_id = %s AND id = %s"
        " AND ticketing.require_version(version, %s)"
    )


def test_every_table_that_counts_a_version_refuses_a_stale_one(
    db: Session, make: Make, tenant: UUID
) -> None:
    tables = [row["table_name"] for row in db.all(COUNTING, "ticketing_app")]
    assert {"tickets", "reservations", "refunds", "ticket_transfers", "payments"} <= set(tables)
    for table in tables:
        role = writer_of(table)
        (column,) = [
            row["column_name"] for row in db.all(COUNTING, role) if row["table_name"] == table
        ]
        assert column, f"nobody may change {table}"
        row = make.id(table, tenant)
        read = f"SELECT version FROM ticketing.{table} WHERE id = %s"
        before = db.value(read, row)
        statement = change(table, column)
        with db.acting(role, tenant=tenant):
            for stale in (before - 1, before + 1):
                with db.refused("TK161"):
                    db.run(statement, tenant, row, stale)
            assert db.value(read, row) == before, table
            assert db.run(statement, tenant, row, before) == 1
            with db.refused("TK161"):
                db.run(statement, tenant, row, before)
            assert db.value(read, row) == before + 1, table


def test_a_row_that_is_not_there_is_no_row(
    make: Make, tenant: UUID, other_tenant: UUID, as_tenant: Acting
) -> None:
    row = make.id("discounts", tenant)
    statement = change("discounts", "priority")
    with as_tenant(other_tenant) as service:
        assert service.run(statement, other_tenant, uuid4(), 1) == 0
        # Another tenant's row is not there either, whatever its version.
        assert service.run(statement, tenant, row, 99) == 0


def test_other_rows_do_not_matter(make: Make, tenant: UUID, as_tenant: Acting) -> None:
    row = make.id("discounts", tenant)
    for version in (1, 5, 9):
        make.id("discounts", tenant, version=version)
    with as_tenant(tenant) as service:
        assert service.run(change("discounts", "priority"), tenant, row, 1) == 1


@pytest.mark.parametrize("given", [None])
def test_the_version_that_was_read_is_needed(
    make: Make, tenant: UUID, as_tenant: Acting, given: None
) -> None:
    row = make.id("discounts", tenant)
    with as_tenant(tenant) as service, service.refused("TK001"):
        service.run(change("discounts", "priority"), tenant, row, given)


def test_a_row_without_a_version_is_stale(as_tenant: Acting, tenant: UUID) -> None:
    with as_tenant(tenant) as service, service.refused("TK161"):
        service.value("SELECT ticketing.require_version(NULL, 1)")


def test_a_reader_has_no_use_for_it(db: Session) -> None:
    for role in ("ticketing_readonly", "ts_test_nobody"):
        with db.acting(role), db.refused("42501"):
            db.value("SELECT ticketing.require_version(1, 1)")


def prepared(clone: Database) -> tuple[UUID, UUID]:
    with clone.connect() as connection:
        make = Make(Session(connection))
        tenant = make.tenant()
        return tenant, make.id("discounts", tenant)


def test_of_two_optimistic_writers_one_wins(clone: Database) -> None:
    tenant, row = prepared(clone)

    def write(connection: psycopg.Connection[Any]) -> int:
        return Session(connection).run(change("discounts", "priority"), tenant, row, 1)

    first, second, waited = in_turn(clone, "ts_test_app", write, write, tenant=tenant)

    assert (first, waited) == (1, True)
    assert isinstance(second, psycopg.Error)
    assert second.sqlstate == "TK161"


def test_of_many_optimistic_writers_one_wins(clone: Database) -> None:
    tenant, row = prepared(clone)

    def write(connection: psycopg.Connection[Any], number: int) -> int:
        return Session(connection).run(
            "UPDATE ticketing.discounts SET priority = %s WHERE id = %s"
            " AND ticketing.require_version(version, 1)",
            *(number, row),
        )

    results = race(clone, "ts_test_app", WRITERS, write, tenant=tenant)

    codes = sorted(r.sqlstate or "" if isinstance(r, psycopg.Error) else str(r) for r in results)
    assert codes == ["1"] + ["TK161"] * (WRITERS - 1)
    with clone.connect() as connection:
        found = Session(connection).one("SELECT version, priority FROM ticketing.discounts")
        assert found == {"version": 2, "priority": results.index(1)}
