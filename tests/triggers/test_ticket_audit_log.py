"""Triggers of ticket_audit_log: rows are added and never changed."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

import pytest

from support.factories import Make
from support.session import Session

if TYPE_CHECKING:
    from conftest import Acting

CHANGES = (
    "UPDATE ticketing.ticket_audit_log SET action = 'forged'",
    "DELETE FROM ticketing.ticket_audit_log",
    "TRUNCATE ticketing.ticket_audit_log",
)


@pytest.mark.parametrize("change", CHANGES)
def test_a_change_is_refused_and_the_row_stays(
    db: Session, make: Make, tenant: UUID, change: str
) -> None:
    row = make.row("ticket_audit_log", tenant)
    with db.refused("TK003") as by:
        db.run(change)

    assert "ticketing.ticket_audit_log refused: the table is append-only" in str(by.error)
    assert db.one("SELECT * FROM ticketing.ticket_audit_log WHERE id = %s", row["id"]) == row


@pytest.mark.parametrize("change", CHANGES)
def test_a_service_is_not_even_granted_it(
    make: Make, tenant: UUID, as_tenant: Acting, change: str
) -> None:
    make.id("ticket_audit_log", tenant)
    with as_tenant(tenant) as service, service.refused("42501"):
        service.run(change)


@pytest.mark.parametrize("change", [CHANGES[0], CHANGES[2]])
def test_the_owner_may_not_change_it_either(
    db: Session, make: Make, tenant: UUID, change: str
) -> None:
    make.id("ticket_audit_log", tenant)
    with db.acting("ticketing_owner"), db.refused("TK003"):
        db.run(change)


def test_deleting_is_left_to_the_owner(db: Session) -> None:
    with db.acting("ticketing_owner"):
        # No policy shows the owner a row yet, so that nothing is deleted; it is not refused.
        assert db.run(CHANGES[1]) == 0


@pytest.mark.parametrize("role", ["ticketing_app", "ticketing_worker"])
def test_a_service_adds_rows(db: Session, tenant: UUID, role: str) -> None:
    add = "INSERT INTO ticketing.ticket_audit_log (tenant_id, action) VALUES (%s, 'looked')"
    with db.acting(role, tenant=tenant):
        assert db.run(add, tenant) == 1
        assert db.value("SELECT action FROM ticketing.ticket_audit_log") == "looked"
