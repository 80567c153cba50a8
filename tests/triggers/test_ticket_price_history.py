"""Triggers of ticket_price_history: rows are added and never changed."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

import pytest

from support.factories import Make
from support.session import Session

if TYPE_CHECKING:
    from conftest import Acting

CHANGES = (
    "UPDATE ticketing.ticket_price_history SET reason = 'forged'",
    "DELETE FROM ticketing.ticket_price_history",
    "TRUNCATE ticketing.ticket_price_history",
)


@pytest.mark.parametrize("change", CHANGES)
def test_a_change_is_refused_and_the_row_stays(
    db: Session, make: Make, tenant: UUID, change: str
) -> None:
    row = make.row("ticket_price_history", tenant)
    with db.refused("TK003") as by:
        db.run(change)

    assert "ticketing.ticket_price_history refused: the table is append-only" in str(by.error)
    assert db.one("SELECT * FROM ticketing.ticket_price_history WHERE id = %s", row["id"]) == row


@pytest.mark.parametrize("change", CHANGES)
def test_a_service_is_not_even_granted_it(
    make: Make, tenant: UUID, as_tenant: Acting, change: str
) -> None:
    make.id("ticket_price_history", tenant)
    with as_tenant(tenant) as service, service.refused("42501"):
        service.run(change)


@pytest.mark.parametrize("change", [CHANGES[0], CHANGES[2]])
def test_the_owner_may_not_change_it_either(
    db: Session, make: Make, tenant: UUID, change: str
) -> None:
    make.id("ticket_price_history", tenant)
    with db.acting("ticketing_owner"), db.refused("TK003"):
        db.run(change)


def test_deleting_is_left_to_the_owner(db: Session) -> None:
    with db.acting("ticketing_owner"):
        # No policy shows the owner a row yet, so that nothing is deleted; it is not refused.
        assert db.run(CHANGES[1]) == 0


def test_a_new_price_still_adds_a_row(make: Make, tenant: UUID, as_tenant: Acting) -> None:
    kind = make.id("ticket_types", tenant, price_cents=2500)
    with as_tenant(tenant) as service:
        service.run("UPDATE ticketing.ticket_types SET price_cents = 1 WHERE id = %s", kind)
        assert service.value("SELECT count(*) FROM ticketing.ticket_price_history") == 2
