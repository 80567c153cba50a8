"""Triggers of payments: versions of the owner and versions counted here."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

import pytest

from support.factories import Make
from support.session import Session

if TYPE_CHECKING:
    from conftest import Acting

READ = "SELECT status, version, updated_at FROM ticketing.payments WHERE id = %s"


def test_a_change_made_here_raises_the_version(
    db: Session, make: Make, tenant: UUID, as_worker: Acting
) -> None:
    row = make.row("payments", tenant)
    with as_worker() as worker:
        worker.run("UPDATE ticketing.payments SET status = 'pending' WHERE id = %s", row["id"])
    after = db.one(READ, row["id"])
    assert (after["status"], after["version"]) == ("pending", 2)
    assert after["updated_at"] > row["updated_at"]


@pytest.mark.parametrize(("version", "rows"), [(4, 0), (5, 0), (6, 1), (60, 1)])
def test_a_version_of_the_owner_counts_when_it_is_higher(
    db: Session, make: Make, tenant: UUID, *, as_worker: Acting, version: int, rows: int
) -> None:
    row = make.row("payments", tenant, version=5, status="succeeded")
    # A change that no rule allows: the owner's messages are not judged.
    change = "UPDATE ticketing.payments SET status = 'failed', version = %s WHERE id = %s"
    with as_worker() as worker:
        assert worker.run(change, version, row["id"]) == rows
    after = db.one(READ, row["id"])
    assert after["version"] == (version if rows else 5)
    assert after["status"] == ("failed" if rows else "succeeded")
    assert (after["updated_at"] > row["updated_at"]) is bool(rows)


def test_a_change_made_here_follows_the_rules(make: Make, tenant: UUID, as_worker: Acting) -> None:
    row = make.id("payments", tenant, status="succeeded")
    with as_worker() as worker, worker.refused("TK201"):
        worker.run("UPDATE ticketing.payments SET status = 'failed' WHERE id = %s", row)


def test_the_sum_of_refunds_leaves_the_version_alone(db: Session, make: Make, tenant: UUID) -> None:
    row = make.row("payments", tenant)
    db.run("UPDATE ticketing.payments SET refunded_cents = 1 WHERE id = %s", row["id"])
    after = db.one(READ, row["id"])
    assert after["version"] == 1
    assert after["updated_at"] > row["updated_at"]
