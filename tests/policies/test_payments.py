"""Policies of payments: copied by background jobs, written by record_payment, read in a tenant."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

import pytest

from support.databases import Database
from support.factories import Make
from support.session import Session

if TYPE_CHECKING:
    from conftest import Acting


ADD = (
    "INSERT INTO ticketing.payments (tenant_id, order_id, amount_cents)"
    " SELECT tenant_id, id, 1 FROM ticketing.orders WHERE tenant_id = %s LIMIT 1"
)
COUNTERS = ("refunded_cents",)


@pytest.fixture
def both(make: Make, tenant: UUID, other_tenant: UUID) -> set[UUID]:
    """A row in each of two tenants."""
    return {make.id("payments", tenant), make.id("payments", other_tenant)}


def seen(db: Session) -> set[UUID]:
    return {row["id"] for row in db.all("SELECT id FROM ticketing.payments")}


def test_a_worker_copies_rows_of_every_tenant_without_a_context(
    tenant: UUID, other_tenant: UUID, both: set[UUID], as_worker: Acting
) -> None:
    with as_worker() as worker:
        assert seen(worker) == both
        assert worker.run(ADD, tenant) == worker.run(ADD, other_tenant) == 1
        assert worker.run("UPDATE ticketing.payments SET status = 'failed', version = 2") == 4


def test_a_worker_with_a_tenant_still_reaches_the_others(
    tenant: UUID, other_tenant: UUID, both: set[UUID], as_worker: Acting
) -> None:
    with as_worker(tenant=tenant) as worker:
        assert seen(worker) == both
        assert worker.run(ADD, other_tenant) == 1


@pytest.mark.parametrize("column", [*COUNTERS, "tenant_id", "id", "created_at", "updated_at"])
@pytest.mark.usefixtures("both")
def test_a_worker_does_not_write_what_is_kept_here(as_worker: Acting, column: str) -> None:
    with as_worker() as worker, worker.refused("42501"):
        worker.run(f"UPDATE ticketing.payments SET {column} = {column}")


@pytest.mark.usefixtures("both")
def test_a_worker_deletes_nothing(as_worker: Acting) -> None:
    with as_worker() as worker, worker.refused("42501"):
        worker.run("DELETE FROM ticketing.payments")


@pytest.mark.parametrize("role", ["ticketing_app", "ticketing_readonly"])
def test_everybody_else_reads_one_tenant(
    db: Session, make: Make, tenant: UUID, both: set[UUID], role: str
) -> None:
    own = make.id("payments", tenant)
    with db.acting(role, tenant=tenant):
        assert seen(db) - both == {own}
        assert len(seen(db)) == 2
    with db.acting(role):
        assert seen(db) == set()


@pytest.mark.parametrize("role", ["ticketing_app", "ticketing_readonly"])
@pytest.mark.usefixtures("both")
def test_everybody_else_writes_nothing(db: Session, tenant: UUID, role: str) -> None:
    with db.acting(role, tenant=tenant):
        with db.refused("42501"):
            db.run(ADD, tenant)
        for column in ("status", *COUNTERS):
            with db.refused("42501"):
                db.run(f"UPDATE ticketing.payments SET {column} = {column}")
        with db.refused("42501"):
            db.run("DELETE FROM ticketing.payments")


def test_only_the_owner_may_write_the_sum_of_refunds_and_delete_nothing(
    db: Session, both: set[UUID]
) -> None:
    with db.acting("ticketing_owner"):
        assert seen(db) == both
        assert db.run("UPDATE ticketing.payments SET refunded_cents = 1") == 2
        assert db.run("DELETE FROM ticketing.payments") == 0


@pytest.mark.parametrize("login", ["ts_test_app", "ts_test_worker", "ts_test_readonly"])
def test_a_login_cannot_become_the_owner(shared: Database, login: str) -> None:
    with shared.connect(login) as connection:
        session = Session(connection)
        with session.refused("42501"):
            session.run("SET ROLE ticketing_owner")
        assert session.value("SELECT pg_has_role('ticketing_owner', 'MEMBER')") is False
