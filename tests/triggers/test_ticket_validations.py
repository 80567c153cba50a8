"""Triggers of ticket_validations: rows are added and never changed."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

import pytest

from support.factories import Make
from support.session import Session

if TYPE_CHECKING:
    from conftest import Acting

CHANGES = (
    "UPDATE ticketing.ticket_validations SET reason = 'forged'",
    "DELETE FROM ticketing.ticket_validations",
    "TRUNCATE ticketing.ticket_validations",
)


@pytest.mark.parametrize("change", CHANGES)
def test_a_change_is_refused_and_the_row_stays(
    db: Session, make: Make, tenant: UUID, change: str
) -> None:
    row = make.row("ticket_validations", tenant)
    with db.refused("TK003") as by:
        db.run(change)

    assert "ticketing.ticket_validations refused: the table is append-only" in str(by.error)
    assert db.one("SELECT * FROM ticketing.ticket_validations WHERE id = %s", row["id"]) == row


@pytest.mark.parametrize("change", CHANGES)
def test_a_service_is_not_even_granted_it(
    make: Make, tenant: UUID, as_tenant: Acting, change: str
) -> None:
    make.id("ticket_validations", tenant)
    with as_tenant(tenant) as service, service.refused("42501"):
        service.run(change)


@pytest.mark.parametrize("change", [CHANGES[0], CHANGES[2]])
def test_the_owner_may_not_change_it_either(
    db: Session, make: Make, tenant: UUID, change: str
) -> None:
    make.id("ticket_validations", tenant)
    with db.acting("ticketing_owner"), db.refused("TK003"):
        db.run(change)


def test_deleting_is_left_to_the_owner(db: Session) -> None:
    with db.acting("ticketing_owner"):
        # No policy shows the owner a row yet, so that nothing is deleted; it is not refused.
        assert db.run(CHANGES[1]) == 0


@pytest.mark.parametrize("role", ["ticketing_app", "ticketing_worker"])
def test_a_service_adds_as_many_as_it_likes(
    db: Session, make: Make, tenant: UUID, role: str
) -> None:
    ticket = make.id("tickets", tenant)
    add = "INSERT INTO ticketing.ticket_validations (tenant_id, ticket_id) VALUES (%s, %s)"
    with db.acting(role, tenant=tenant):
        for _ in range(2):
            assert db.run(add, tenant, ticket) == 1
        assert db.value("SELECT count(*) FROM ticketing.ticket_validations") == 2
