"""Copies with counters: copied by workers, counted by triggers, read inside one tenant."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import UUID

import pytest

from support.databases import Database
from support.factories import Make
from support.session import Session
from support.triggers import tables_running, with_two_owners

if TYPE_CHECKING:
    from conftest import Acting


@dataclass(frozen=True)
class Copy:
    """A copy of another service's table.

    Args:
        table: the table.
        name: a column that the owner of a row fills in.
        change: a column and what a worker writes into it.
        counters: what triggers of this schema keep in it.
        announced: whether a row may be here before its owner has sent it.
    """

    table: str
    name: str
    change: tuple[str, str]
    counters: tuple[str, ...]
    announced: bool = False

    def add(self, db: Session, tenant: UUID) -> int:
        """Adds a row."""
        columns = f"tenant_id, {self.name}"
        return db.run(
            f"INSERT INTO ticketing.{self.table} ({columns}) VALUES (%s, 'added')", tenant
        )

    def write(self, db: Session, change: str) -> int:
        """Changes every row that the role may change."""
        return db.run(f"UPDATE ticketing.{self.table} SET {change}")

    def seen(self, db: Session) -> set[UUID]:
        """Returns the rows that the role may see."""
        return {row["id"] for row in db.all(f"SELECT id FROM ticketing.{self.table}")}


COPIES = (
    Copy(
        "users",
        name="email",
        change=("role", "staff"),
        counters=("ticket_purchase_count", "events_attended", "total_spent_cents"),
    ),
    Copy(
        "orders",
        name="order_number",
        change=("status", "expired"),
        counters=("refunded_cents",),
        announced=True,  # by a hold that is confirmed
    ),
)
OF_THE_ROW = ("tenant_id", "id", "created_at", "updated_at")
each = pytest.mark.parametrize("copy", COPIES, ids=lambda copy: copy.table)


@pytest.fixture
def both(make: Make, tenant: UUID, other_tenant: UUID, copy: Copy) -> set[UUID]:
    """A row in each of two tenants."""
    return {make.id(copy.table, tenant), make.id(copy.table, other_tenant)}


def test_every_copy_that_the_owner_counts_in_is_tested(db: Session) -> None:
    counted = db.all(
        """
        SELECT DISTINCT c.relname AS name
        FROM pg_policy AS p
        INNER JOIN pg_class AS c ON p.polrelid = c.oid
        WHERE p.polcmd = 'w' AND 'ticketing_owner'::regrole = ANY (p.polroles)
        """
    )
    copies = {row["name"] for row in counted} & set(tables_running("ignore_stale_version"))
    assert copies - with_two_owners() == {copy.table for copy in COPIES}


@each
def test_a_worker_copies_rows_of_every_tenant_without_a_context(
    tenant: UUID, other_tenant: UUID, *, both: set[UUID], as_worker: Acting, copy: Copy
) -> None:
    with as_worker() as worker:
        assert copy.seen(worker) == both
        assert copy.add(worker, tenant) == copy.add(worker, other_tenant) == 1
        column, value = copy.change
        assert copy.write(worker, f"{column} = '{value}', version = 2") == 4


@each
def test_a_worker_with_a_tenant_still_reaches_the_others(
    tenant: UUID, other_tenant: UUID, *, both: set[UUID], as_worker: Acting, copy: Copy
) -> None:
    with as_worker(tenant=tenant) as worker:
        assert copy.seen(worker) == both
        assert copy.add(worker, other_tenant) == 1


@pytest.mark.parametrize(
    ("copy", "column"),
    [
        pytest.param(copy, column, id=f"{copy.table}-{column}")
        for copy in COPIES
        for column in (*copy.counters, *OF_THE_ROW)
    ],
)
@pytest.mark.usefixtures("both")
def test_a_worker_does_not_write_what_is_kept_here(
    as_worker: Acting, copy: Copy, column: str
) -> None:
    with as_worker() as worker, worker.refused("42501"):
        copy.write(worker, f"{column} = {column}")


@each
@pytest.mark.usefixtures("both")
def test_a_worker_deletes_nothing(as_worker: Acting, copy: Copy) -> None:
    with as_worker() as worker, worker.refused("42501"):
        worker.run(f"DELETE FROM ticketing.{copy.table}")


@pytest.mark.parametrize("role", ["ticketing_app", "ticketing_readonly"])
@each
def test_everybody_else_reads_one_tenant(
    db: Session, make: Make, tenant: UUID, *, both: set[UUID], copy: Copy, role: str
) -> None:
    own = make.id(copy.table, tenant)
    with db.acting(role, tenant=tenant):
        assert copy.seen(db) - both == {own}
        assert len(copy.seen(db)) == 2
    with db.acting(role):
        assert copy.seen(db) == set()


@pytest.mark.parametrize("role", ["ticketing_app", "ticketing_readonly"])
@each
@pytest.mark.usefixtures("both")
def test_everybody_else_writes_nothing(db: Session, tenant: UUID, copy: Copy, role: str) -> None:
    with db.acting(role, tenant=tenant):
        with db.refused("42501"):
            copy.add(db, tenant)
        for column in (copy.name, copy.change[0], *copy.counters):
            with db.refused("42501"):
                copy.write(db, f"{column} = {column}")
        with db.refused("42501"):
            db.run(f"DELETE FROM ticketing.{copy.table}")


@each
def test_only_the_owner_may_write_the_counters_of_every_tenant(
    db: Session, both: set[UUID], copy: Copy
) -> None:
    with db.acting("ticketing_owner"):
        assert copy.seen(db) == both
        for counter in copy.counters:
            assert copy.write(db, f"{counter} = 0") == 2
        assert db.run(f"DELETE FROM ticketing.{copy.table}") == 0
        tenant = db.value(f"SELECT tenant_id FROM ticketing.{copy.table} LIMIT 1")
        if copy.announced:
            assert copy.add(db, tenant) == 1
        else:
            with db.refused("42501"):
                copy.add(db, tenant)


@pytest.mark.parametrize("login", ["ts_test_app", "ts_test_worker", "ts_test_readonly"])
def test_a_login_cannot_become_the_owner(shared: Database, login: str) -> None:
    with shared.connect(login) as connection:
        session = Session(connection)
        with session.refused("42501"):
            session.run("SET ROLE ticketing_owner")
        assert session.value("SELECT pg_has_role('ticketing_owner', 'MEMBER')") is False
