"""Triggers of ticket_notifications: updated_at follows every update."""

from __future__ import annotations

from uuid import UUID

import pytest

from support.factories import Make
from support.session import Session

CHANGE = "UPDATE ticketing.ticket_notifications SET attempts = attempts + 1 WHERE id = %s"
READ = "SELECT updated_at FROM ticketing.ticket_notifications WHERE id = %s"


@pytest.mark.parametrize("role", ["ticketing_app", "ticketing_worker"])
def test_each_update_stamps_a_later_time(db: Session, make: Make, tenant: UUID, role: str) -> None:
    row = make.row("ticket_notifications", tenant)
    with db.acting(role, tenant=tenant):
        db.run(CHANGE, row["id"])
        first = db.value(READ, row["id"])
        db.run(CHANGE, row["id"])
        second = db.value(READ, row["id"])

    assert row["updated_at"] < first < second


@pytest.mark.parametrize("given", ["'2001-01-01'", "'2999-01-01'", "updated_at", "NULL"])
def test_the_time_cannot_be_chosen(db: Session, make: Make, tenant: UUID, given: str) -> None:
    row = make.id("ticket_notifications", tenant)
    before = db.value("SELECT clock_timestamp()")
    db.run(f"UPDATE ticketing.ticket_notifications SET updated_at = {given} WHERE id = %s", row)

    assert before < db.value(READ, row) < db.value("SELECT clock_timestamp()")


@pytest.mark.parametrize("role", ["ticketing_app", "ticketing_worker"])
def test_a_service_may_not_write_it_at_all(
    db: Session, make: Make, tenant: UUID, role: str
) -> None:
    row = make.id("ticket_notifications", tenant)
    with db.acting(role, tenant=tenant), db.refused("42501"):
        db.run("UPDATE ticketing.ticket_notifications SET updated_at = now() WHERE id = %s", row)


def test_a_new_row_carries_the_time_of_its_transaction(
    db: Session, make: Make, tenant: UUID
) -> None:
    row = make.row("ticket_notifications", tenant)

    assert row["updated_at"] == row["created_at"] == db.value("SELECT now()")
