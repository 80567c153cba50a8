"""raise_row_version: one higher with every update, never chosen by the caller."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID

import psycopg
import pytest

from support.databases import Database
from support.factories import Make
from support.races import race
from support.session import Session
from support.triggers import tables_running, with_two_owners, writable

if TYPE_CHECKING:
    from conftest import Acting

WRITERS = 8
VERSIONED = sorted(set(tables_running("raise_row_version")) - with_two_owners())


@pytest.mark.parametrize("given", ["NULL", "0", "1", "2", "99", "-1", "version", "version + 5"])
def test_the_next_version_follows_from_the_old_row(
    db: Session, make: Make, tenant: UUID, given: str
) -> None:
    row = make.id("discounts", tenant)
    db.run(f"UPDATE ticketing.discounts SET version = {given} WHERE id = %s", row)

    assert db.value("SELECT version FROM ticketing.discounts WHERE id = %s", row) == 2


def test_an_update_that_changes_nothing_counts_too(db: Session, make: Make, tenant: UUID) -> None:
    row = make.id("discounts", tenant)
    db.run("UPDATE ticketing.discounts SET priority = priority WHERE id = %s", row)

    assert db.value("SELECT version FROM ticketing.discounts WHERE id = %s", row) == 2


def test_an_upsert_counts_as_an_update(
    db: Session, make: Make, tenant: UUID, as_tenant: Acting
) -> None:
    make.id("discounts", tenant, code="TEN")
    with as_tenant(tenant) as service:
        version = service.value(
            """
            INSERT INTO ticketing.discounts (tenant_id, code, discount_type, discount_value)
            VALUES (%s, 'TEN', 'percentage', 20)
            ON CONFLICT (tenant_id, code_normalized) DO UPDATE SET discount_value = 20
            RETURNING version
            """,
            tenant,
        )

    assert version == 2


def test_updated_at_is_the_time_of_the_update(db: Session, make: Make, tenant: UUID) -> None:
    row = make.id("discounts", tenant)
    before = db.value("SELECT clock_timestamp()")
    db.run("UPDATE ticketing.discounts SET updated_at = '2001-01-01' WHERE id = %s", row)

    after = db.value("SELECT updated_at FROM ticketing.discounts WHERE id = %s", row)
    assert before < after < db.value("SELECT clock_timestamp()")


def test_a_stale_version_changes_no_row(make: Make, tenant: UUID, as_tenant: Acting) -> None:
    row = make.id("discounts", tenant)
    change = "UPDATE ticketing.discounts SET priority = %s WHERE id = %s AND version = %s"
    with as_tenant(tenant) as service:
        assert service.run(change, 1, row, 1) == 1
        assert service.run(change, 2, row, 1) == 0
        assert service.run(change, 3, row, 2) == 1
        assert service.value("SELECT priority FROM ticketing.discounts WHERE id = %s", row) == 3


@pytest.mark.parametrize("table", VERSIONED)
def test_of_writers_that_compare_the_version_one_wins(clone: Database, table: str) -> None:
    with psycopg.connect(clone.superuser_url) as connection:
        make = Make(Session(connection))
        tenant = make.tenant()
        row = make.id(table, tenant)
        name = writable(make.session, table, "ticketing_app")[0]

    def write(connection: psycopg.Connection[Any], number: int) -> int:
        return connection.execute(
            f"UPDATE ticketing.{table} SET {name} = {name} WHERE id = %s AND version = 1".encode(),
            [row],
        ).rowcount

    results = race(clone, "ts_test_app", WRITERS, write, tenant=tenant)

    assert sorted(results, key=str) == [0] * (WRITERS - 1) + [1]
    with clone.connect() as connection:
        read = f"SELECT version FROM ticketing.{table} WHERE id = %s"
        assert Session(connection).value(read, row) == 2


def test_writers_that_do_not_compare_lose_no_version(clone: Database) -> None:
    with psycopg.connect(clone.superuser_url) as connection:
        make = Make(Session(connection))
        tenant = make.tenant()
        row = make.id("discounts", tenant)

    def write(connection: psycopg.Connection[Any], number: int) -> int:
        change = "UPDATE ticketing.discounts SET priority = %s WHERE id = %s"
        return connection.execute(change, [number, row]).rowcount

    assert race(clone, "ts_test_app", WRITERS, write, tenant=tenant) == [1] * WRITERS
    with clone.connect() as connection:
        read = "SELECT version FROM ticketing.discounts WHERE id = %s"
        assert Session(connection).value(read, row) == 1 + WRITERS
