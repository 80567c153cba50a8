"""Triggers of request_tickets: the version follows every update, and the log every change.

What the guard refuses is in tests/functions/test_guard_request_ticket.py, the states in
test_every_transition.py.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

import pytest

from support.factories import Make
from support.session import Session

if TYPE_CHECKING:
    from conftest import Acting

CHANGE = "UPDATE ticketing.request_tickets SET priority = priority + 1 WHERE id = %s"
READ = "SELECT version, updated_at FROM ticketing.request_tickets WHERE id = %s"
EVENTS = "SELECT event_type FROM ticketing.audit_events WHERE ticket_id = %s ORDER BY seq"


@pytest.mark.parametrize("role", ["ticketing_app", "ticketing_worker"])
def test_each_update_raises_the_version_by_one_and_stamps_it(
    db: Session, make: Make, tenant: UUID, role: str
) -> None:
    row = make.row("request_tickets", tenant)
    assert row["version"] == 1
    with db.acting(role, tenant=tenant):
        db.run(CHANGE, row["id"])
        first = db.one(READ, row["id"])
        db.run(CHANGE, row["id"])
        second = db.one(READ, row["id"])

    assert (first["version"], second["version"]) == (2, 3)
    assert row["updated_at"] < first["updated_at"] < second["updated_at"]


@pytest.mark.parametrize("given", ["1", "99", "version", "NULL"])
def test_the_version_cannot_be_chosen(db: Session, make: Make, tenant: UUID, given: str) -> None:
    row = make.id("request_tickets", tenant)
    db.run(f"UPDATE ticketing.request_tickets SET version = {given} WHERE id = %s", row)
    assert db.one(READ, row)["version"] == 2


def test_a_row_that_is_not_updated_keeps_its_version_and_its_log(
    db: Session, make: Make, tenant: UUID, as_tenant: Acting
) -> None:
    row, other = make.row("request_tickets", tenant), make.row("request_tickets", tenant)
    with as_tenant(tenant) as service:
        service.run(CHANGE, other["id"])

    assert db.one("SELECT * FROM ticketing.request_tickets WHERE id = %s", row["id"]) == row
    assert [e["event_type"] for e in db.all(EVENTS, row["id"])] == ["ticket_created"]


def test_a_stale_write_by_row_changes_nothing(
    db: Session, make: Make, tenant: UUID, as_tenant: Acting
) -> None:
    row = make.id("request_tickets", tenant)
    stale = f"{CHANGE} AND version = %s"
    with as_tenant(tenant):
        assert db.run(stale, row, 1) == 1
        assert db.run(stale, row, 1) == 0
        assert db.run(stale, row, 2) == 1


def test_the_row_is_guarded_stamped_and_logged_by_one_update(
    db: Session, make: Make, tenant: UUID, as_tenant: Acting
) -> None:
    row = make.id("request_tickets", tenant)
    with as_tenant(tenant):
        db.run("UPDATE ticketing.request_tickets SET state = 'completed' WHERE id = %s", row)
        closed = db.one("SELECT * FROM ticketing.request_tickets WHERE id = %s", row)
        assert closed["completed_at"] is not None
        assert closed["version"] == 2
        assert [e["event_type"] for e in db.all(EVENTS, row)] == [
            "ticket_created",
            "ticket_state_changed",
        ]
