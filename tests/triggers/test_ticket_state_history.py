"""Triggers of ticket_state_history: rows are added and never changed."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

import pytest

from support.factories import Make
from support.session import Session

if TYPE_CHECKING:
    from conftest import Acting

CHANGES = (
    "UPDATE ticketing.ticket_state_history SET reason = 'forged'",
    "DELETE FROM ticketing.ticket_state_history",
    "TRUNCATE ticketing.ticket_state_history",
)


@pytest.mark.parametrize("change", CHANGES)
def test_a_change_is_refused_and_the_row_stays(
    db: Session, make: Make, tenant: UUID, change: str
) -> None:
    row = make.row("ticket_state_history", tenant)
    with db.refused("TK003") as by:
        db.run(change)
    assert "ticketing.ticket_state_history refused: the table is append-only" in str(by.error)
    assert db.one("SELECT * FROM ticketing.ticket_state_history WHERE id = %s", row["id"]) == row


@pytest.mark.parametrize("change", CHANGES)
def test_a_service_is_not_even_granted_it(
    make: Make, tenant: UUID, as_tenant: Acting, change: str
) -> None:
    make.id("ticket_state_history", tenant)
    with as_tenant(tenant) as service, service.refused("42501"):
        service.run(change)


@pytest.mark.parametrize("change", [CHANGES[0], CHANGES[2]])
def test_the_owner_may_not_change_it_either(
    db: Session, make: Make, tenant: UUID, change: str
) -> None:
    make.id("ticket_state_history", tenant)
    with db.acting("ticketing_owner"), db.refused("TK003"):
        db.run(change)


def test_deleting_is_left_to_the_owner(db: Session, make: Make, tenant: UUID) -> None:
    make.id("ticket_state_history", tenant)
    with db.acting("ticketing_owner"):
        # No policy lets the owner delete a row yet, so that nothing is; it is not refused.
        assert db.run(CHANGES[1]) == 0
