"""Triggers of reservation_history: rows are added and never changed."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

import pytest

from support.factories import Make
from support.session import Session

if TYPE_CHECKING:
    from conftest import Acting

CHANGES = (
    "UPDATE ticketing.reservation_history SET reason = 'forged'",
    "DELETE FROM ticketing.reservation_history",
    "TRUNCATE ticketing.reservation_history",
)


@pytest.mark.parametrize("change", CHANGES)
def test_a_change_is_refused_and_the_row_stays(
    db: Session, make: Make, tenant: UUID, change: str
) -> None:
    row = make.row("reservation_history", tenant)
    with db.refused("TK003") as by:
        db.run(change)

    assert "ticketing.reservation_history refused: the table is append-only" in str(by.error)
    assert db.one("SELECT * FROM ticketing.reservation_history WHERE id = %s", row["id"]) == row


@pytest.mark.parametrize("change", CHANGES)
def test_a_service_is_not_even_granted_it(
    make: Make, tenant: UUID, as_tenant: Acting, change: str
) -> None:
    make.id("reservation_history", tenant)
    with as_tenant(tenant) as service, service.refused("42501"):
        service.run(change)


@pytest.mark.parametrize("change", [CHANGES[0], CHANGES[2]])
def test_the_owner_may_not_change_it_either(
    db: Session, make: Make, tenant: UUID, change: str
) -> None:
    make.id("reservation_history", tenant)
    with db.acting("ticketing_owner"), db.refused("TK003"):
        db.run(change)


def test_deleting_is_left_to_the_owner(db: Session) -> None:
    with db.acting("ticketing_owner"):
        # No policy shows the owner a row yet, so that nothing is deleted; it is not refused.
        assert db.run(CHANGES[1]) == 0


def test_a_change_of_status_still_adds_a_row(
    db: Session, make: Make, tenant: UUID, as_tenant: Acting
) -> None:
    reservation = make.id("reservations", tenant)
    with as_tenant(tenant, reason="left") as service:
        service.run(
            "UPDATE ticketing.reservations SET status = 'cancelled' WHERE id = %s", reservation
        )

    read = "SELECT status_from, status_to FROM ticketing.reservation_history ORDER BY created_at"
    assert db.all(read) == [
        {"status_from": None, "status_to": "pending"},
        {"status_from": "pending", "status_to": "cancelled"},
    ]
