"""Triggers of ticket_scans: rows are added and never changed."""

from __future__ import annotations

from uuid import UUID

import pytest

from support.factories import Make
from support.session import Session

CHANGES = (
    "UPDATE ticketing.ticket_scans SET result = 'valid'",
    "DELETE FROM ticketing.ticket_scans",
    "TRUNCATE ticketing.ticket_scans",
)


@pytest.mark.parametrize("change", CHANGES)
def test_a_change_is_refused_and_the_row_stays(
    db: Session, make: Make, tenant: UUID, change: str
) -> None:
    row = make.row("ticket_scans", tenant)
    with db.refused("TK003") as by:
        db.run(change)

    assert "ticketing.ticket_scans refused: the table is append-only" in str(by.error)
    assert db.one("SELECT * FROM ticketing.ticket_scans WHERE id = %s", row["id"]) == row


@pytest.mark.parametrize("role", ["ticketing_app", "ticketing_worker", "ticketing_readonly"])
@pytest.mark.parametrize("change", CHANGES)
def test_a_service_is_not_even_granted_it(
    db: Session, make: Make, tenant: UUID, role: str, change: str
) -> None:
    make.id("ticket_scans", tenant)
    with db.acting(role, tenant=tenant), db.refused("42501"):
        db.run(change)


@pytest.mark.parametrize("change", [CHANGES[0], CHANGES[2]])
def test_the_owner_may_not_change_it_either(
    db: Session, make: Make, tenant: UUID, change: str
) -> None:
    make.id("ticket_scans", tenant)
    with db.acting("ticketing_owner"), db.refused("TK003"):
        db.run(change)


def test_deleting_is_left_to_the_owner(db: Session, make: Make, tenant: UUID) -> None:
    make.id("ticket_scans", tenant)
    with db.acting("ticketing_owner"):
        # No policy lets the owner delete a row yet, so that nothing is; it is not refused.
        assert db.run(CHANGES[1]) == 0
