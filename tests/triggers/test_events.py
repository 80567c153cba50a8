"""Triggers of events: a copy is stamped when a version of its owner arrives."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

from support.factories import Make
from support.session import Session

if TYPE_CHECKING:
    from conftest import Acting

CHANGE = "UPDATE ticketing.events SET name = 'New'"
READ = "SELECT version, updated_at FROM ticketing.events WHERE id = %s"


def test_a_new_version_stamps_updated_at_and_stays_as_the_owner_gave_it(
    db: Session, make: Make, tenant: UUID, as_worker: Acting
) -> None:
    row = make.row("events", tenant)
    with as_worker() as worker:
        worker.run(CHANGE + ", version = 7 WHERE id = %s", row["id"])

    after = db.one(READ, row["id"])
    assert after["version"] == 7
    assert after["updated_at"] > row["updated_at"]


def test_the_same_version_again_changes_nothing(
    db: Session, make: Make, tenant: UUID, as_worker: Acting
) -> None:
    row = make.row("events", tenant)
    with as_worker() as worker:
        worker.run("UPDATE ticketing.events SET version = version WHERE id = %s", row["id"])

    after = db.one(READ, row["id"])
    assert after["version"] == 1
    assert after["updated_at"] == row["updated_at"]


def test_a_change_without_a_version_is_not_stamped(
    db: Session, make: Make, tenant: UUID, as_worker: Acting
) -> None:
    row = make.row("events", tenant)
    with as_worker() as worker:
        worker.run(CHANGE + " WHERE id = %s", row["id"])

    assert db.one(READ, row["id"]) == {"version": 1, "updated_at": row["updated_at"]}


def test_the_time_of_the_owner_is_overruled(db: Session, make: Make, tenant: UUID) -> None:
    row = make.row("events", tenant)
    db.run(
        "UPDATE ticketing.events SET version = 2, updated_at = '2001-01-01' WHERE id = %s",
        row["id"],
    )

    assert db.one(READ, row["id"])["updated_at"] > row["updated_at"]


def test_a_worker_may_not_write_updated_at(make: Make, tenant: UUID, as_worker: Acting) -> None:
    row = make.row("events", tenant)
    with as_worker() as worker, worker.refused("42501"):
        worker.run(
            "UPDATE ticketing.events SET version = 2, updated_at = now() WHERE id = %s",
            row["id"],
        )
