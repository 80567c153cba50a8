"""Triggers of reservation_history: what they refuse does not hinder a new row."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

from support.factories import Make
from support.session import Session

if TYPE_CHECKING:
    from conftest import Acting


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
