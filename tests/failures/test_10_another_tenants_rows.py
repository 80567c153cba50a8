"""Failure 10: one tenant reads, changes or links to the rows of another."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import psycopg
import pytest

from defects.defect import Race, put_back
from support.factories import TABLES

APP = "ts_test_app"
SET = "SELECT set_config('app.current_tenant_id', %s, TRUE)"
OPEN = "ALTER TABLE ticketing.{0} DISABLE ROW LEVEL SECURITY"
READABLE = """
    SELECT relname AS name FROM pg_class
    WHERE
        relnamespace = 'ticketing'::regnamespace AND relkind IN ('r', 'p') AND relrowsecurity
        AND has_table_privilege('ticketing_app', oid, 'SELECT')
"""
ORDER = "INSERT INTO ticketing.payments (tenant_id, order_id, amount_cents) VALUES (%s, %s, 100)"


def seen(connection: psycopg.Connection, table: str, tenant: UUID) -> int:
    """Returns how many rows of a tenant the session may read."""
    key = "id" if table == "tenants" else "tenant_id"
    query = f"SELECT count(*) FROM ticketing.{table} WHERE {key} = %s"
    row = connection.execute(query.encode(), [tenant]).fetchone()
    assert row is not None
    found: int = row[0]
    return found


def outcome(connection: psycopg.Connection, query: str, *values: Any) -> object:
    """Returns how many rows a statement touched, or the SQLSTATE that refused it."""
    try:
        with connection.transaction():
            return connection.execute(query.encode(), values).rowcount
    except psycopg.Error as error:
        return error.sqlstate


@pytest.fixture
def others(race: Race) -> UUID:
    """Another tenant, with a row in every table."""
    other = race.make.tenant()
    for table in TABLES:
        race.make.row(table, other)
    race.db.connection.commit()
    return other


def test_a_connection_is_handed_on_after_its_transaction(race: Race, others: UUID) -> None:
    """What a pool does: the next user of the connection is another tenant, or has set none."""

    def look() -> tuple[int, int, int]:
        with race.target.connect(APP) as connection:
            with connection.transaction():
                connection.execute(SET, [str(others)])
                assert seen(connection, "tickets", others) > 0
            after_commit = seen(connection, "tickets", others)
            try:
                with connection.transaction():
                    connection.execute(SET, [str(others)])
                    connection.execute("SELECT 1 / 0")
            except psycopg.errors.DivisionByZero:
                pass
            after_failure = seen(connection, "tickets", others)
            with connection.transaction():
                connection.execute(SET, [str(race.tenant)])
                as_another = seen(connection, "tickets", others)
            return after_commit, after_failure, as_another

    assert look() == (0, 0, 0)
    put_back(race.db, OPEN.format("tickets"))
    race.db.connection.commit()
    assert all(look())


def test_every_table_is_read_and_changed_from_another_tenant(race: Race, others: UUID) -> None:
    """The detailed matrix is tests/policies; this is the promise as a customer would put it."""

    tables = {row["name"] for row in race.db.all(READABLE)}
    # The rest may not even be asked for.
    assert {"tickets", "orders", "audit_events"} <= tables < {*TABLES}

    def look() -> dict[str, tuple[object, ...]]:
        found = {}
        with race.target.connect(APP) as connection:
            for table in tables:
                with connection.transaction(force_rollback=True):
                    connection.execute(SET, [str(race.tenant)])
                    read = seen(connection, table, others)
                    touched = [
                        outcome(connection, f"DELETE FROM ticketing.{table}"),
                        outcome(connection, f"UPDATE ticketing.{table} SET tenant_id = tenant_id"),
                        outcome(
                            connection,
                            f"INSERT INTO ticketing.{table} (tenant_id) VALUES (%s)",
                            others,
                        ),
                    ]
                if read or any(isinstance(hit, int) and hit for hit in touched):
                    found[table] = (read, *touched)
        return found

    assert look() == {}
    for table in tables:
        put_back(race.db, OPEN.format(table))
    race.db.connection.commit()
    assert look().keys() == tables


def test_a_row_is_linked_to_another_tenants(race: Race, others: UUID) -> None:
    theirs = race.make.id("orders", others)
    race.db.connection.commit()

    def look() -> object:
        def link(connection: psycopg.Connection) -> object:
            return outcome(connection, ORDER, race.tenant, theirs)

        return race.alone(link, "ts_test_worker")

    # The keys hold the tenant; a key by id alone, which looks past row level security, would not.
    race.db.run("ALTER TABLE ticketing.orders ADD CONSTRAINT uq_orders_id UNIQUE (id)")
    race.prove(
        look,
        "ALTER TABLE ticketing.payments DROP CONSTRAINT fk_payments_order_id",
        "ALTER TABLE ticketing.payments ADD CONSTRAINT fk_payments_order_id"
        " FOREIGN KEY (order_id) REFERENCES ticketing.orders (id)",
        promised="23503",
        broken=1,
    )
