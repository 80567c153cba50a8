"""lock_version: a row stays at the version that was read until the transaction ends."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

import psycopg
import pytest

from support.databases import Database
from support.factories import Make
from support.races import in_turn
from support.session import Session

if TYPE_CHECKING:
    from conftest import Acting

CALL = "SELECT ticketing.lock_version(%s, %s, %s)"
TABLES = [
    "discounts",
    "multisig_approval_requests",
    "payments",
    "pending_transactions",
    "refunds",
    "reservations",
    "spending_limits",
    "ticket_bundles",
    "ticket_holds",
    "ticket_transfers",
    "ticket_types",
    "tickets",
    "waitlist",
]


@pytest.mark.parametrize("table", TABLES)
def test_a_version_is_locked_or_refused(db: Session, make: Make, tenant: UUID, table: str) -> None:
    row = make.row(table, tenant)
    role = "ticketing_worker" if table == "payments" else "ticketing_app"
    with db.acting(role, tenant=tenant):
        db.value(CALL, table, row["id"], row["version"])
        for stale in (row["version"] - 1, row["version"] + 1):
            with db.refused("TK161"):
                db.value(CALL, table, row["id"], stale)


def test_a_missing_row_is_told(make: Make, tenant: UUID, as_tenant: Acting) -> None:
    make.id("discounts", tenant)
    with as_tenant(tenant) as service:
        for unknown in (uuid4(), None):
            with service.refused("TK162"):
                service.value(CALL, "discounts", unknown, 1)


def test_another_tenants_row_is_missing(
    make: Make, tenant: UUID, other_tenant: UUID, as_tenant: Acting, as_worker: Acting
) -> None:
    row = make.id("payments", tenant)
    offer = make.id("discounts", tenant)
    with as_tenant(other_tenant) as service, service.refused("TK162"):
        service.value(CALL, "discounts", offer, 1)
    # A worker sees payments of every tenant, and still locks in its own.
    with as_worker(tenant=other_tenant) as worker, worker.refused("TK162"):
        worker.value(CALL, "payments", row, 1)


@pytest.mark.parametrize(
    "table",
    [None, "", "orders", "outbox", "Tickets", "ticketing.tickets", "tickets; --", "pg_class"],
)
def test_a_table_without_a_version_of_its_own_is_refused(
    tenant: UUID, as_tenant: Acting, table: str | None
) -> None:
    with as_tenant(tenant) as service, service.refused("TK001"):
        service.value(CALL, table, uuid4(), 1)


def test_the_version_is_needed(make: Make, tenant: UUID, as_tenant: Acting) -> None:
    row = make.id("discounts", tenant)
    with as_tenant(tenant) as service, service.refused("TK001"):
        service.value(CALL, "discounts", row, None)


def test_without_a_tenant_nothing_is_locked(make: Make, tenant: UUID, as_worker: Acting) -> None:
    row = make.id("payments", tenant)
    with as_worker() as worker, worker.refused("TK701"):
        worker.value(CALL, "payments", row, 1)


def test_a_reader_locks_nothing(make: Make, tenant: UUID, db: Session) -> None:
    row = make.id("discounts", tenant)
    for role in ("ticketing_readonly", "ts_test_nobody"):
        with db.acting(role, tenant=tenant), db.refused("42501"):
            db.value(CALL, "discounts", row, 1)


def test_who_comes_second_waits_and_is_refused(clone: Database) -> None:
    with clone.connect() as connection:
        make = Make(Session(connection))
        tenant = make.tenant()
        row = make.id("discounts", tenant)

    def write(connection: psycopg.Connection[Any]) -> int:
        session = Session(connection)
        session.value(CALL, "discounts", row, 1)
        return session.run("UPDATE ticketing.discounts SET priority = 5 WHERE id = %s", row)

    first, second, waited = in_turn(clone, "ts_test_app", write, write, tenant=tenant)

    assert (first, waited) == (1, True)
    assert isinstance(second, psycopg.Error)
    assert second.sqlstate == "TK161"
