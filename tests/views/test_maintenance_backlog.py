"""maintenance_backlog: what waits, as the functions that do it see it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING
from uuid import UUID

import pytest

from support.factories import Make, Row
from support.session import Session
from support.sweeps import CHORES, MINUTE, Chore
from ticket_schema.maintenance import TASKS

if TYPE_CHECKING:
    from conftest import Acting

each = pytest.mark.parametrize("chore", CHORES, ids=lambda chore: chore.task)


def waiting(db: Session) -> dict[str, Row]:
    """Returns what the view says, by task."""
    return {row["task"]: row for row in db.all("SELECT * FROM ticketing.maintenance_backlog")}


def test_it_has_a_row_for_each_task_of_the_command(db: Session, as_worker: Acting) -> None:
    with as_worker():
        assert waiting(db) == {task: {"task": task, "due": 0, "oldest": None} for task in TASKS}
    assert {chore.task for chore in CHORES} == set(TASKS)


@each
def test_it_counts_what_the_task_then_does(
    db: Session,
    make: Make,
    tenant: UUID,
    other_tenant: UUID,
    *,
    as_worker: Acting,
    chore: Chore,
) -> None:
    for owner in (tenant, other_tenant, tenant):
        chore.make(make, owner)
    with as_worker():
        found = waiting(db)[chore.task]
        assert found["due"] == 3
        assert found["oldest"] < db.value("SELECT clock_timestamp()")
        assert db.value(f"SELECT ticketing.{chore.task}()") == 3
        assert waiting(db)[chore.task] == {"task": chore.task, "due": 0, "oldest": None}


@each
def test_what_is_not_due_is_not_counted(
    db: Session, make: Make, tenant: UUID, *, as_worker: Acting, chore: Chore
) -> None:
    chore.make_early(make, tenant)
    with as_worker():
        assert waiting(db)[chore.task]["due"] == 0
        assert db.value(f"SELECT ticketing.{chore.task}()") == 0


def test_an_order_with_money_is_not_counted(
    db: Session, make: Make, tenant: UUID, as_worker: Acting
) -> None:
    past = datetime.now(UTC) - MINUTE
    make.row("orders", tenant, expires_at=past, paid_cents=1)
    paid = make.id("orders", tenant, expires_at=past)
    make.row("payments", tenant, order_id=paid, status="succeeded")
    with as_worker():
        assert waiting(db)["expire_unpaid_orders"]["due"] == 0
        assert db.value("SELECT ticketing.expire_unpaid_orders()") == 0


def test_a_key_with_a_live_lease_is_not_counted(
    db: Session, make: Make, tenant: UUID, as_worker: Acting
) -> None:
    now = datetime.now(UTC)
    make.row(
        "idempotency_keys",
        tenant,
        created_at=now - 2 * MINUTE,
        expires_at=now - MINUTE,
        locked_by="somebody",
        locked_at=now,
        lock_expires_at=now + MINUTE,
    )
    with as_worker():
        assert waiting(db)["cleanup_expired_idempotency_keys"]["due"] == 0
        assert db.value("SELECT ticketing.cleanup_expired_idempotency_keys()") == 0


@pytest.mark.parametrize("role", ["ticketing_app", "ticketing_readonly", "ts_test_nobody"])
def test_it_is_for_background_jobs_alone(db: Session, tenant: UUID, role: str) -> None:
    with db.acting(role, tenant=tenant), db.refused("42501"):
        waiting(db)
