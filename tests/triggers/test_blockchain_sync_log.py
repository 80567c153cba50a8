"""Triggers of blockchain_sync_log: rows are added and never changed."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

import pytest

from support.factories import Make
from support.relay import Relay
from support.session import Session

if TYPE_CHECKING:
    from conftest import Acting

CHANGES = (
    "UPDATE ticketing.blockchain_sync_log SET resolution = 'forged'",
    "DELETE FROM ticketing.blockchain_sync_log",
    "TRUNCATE ticketing.blockchain_sync_log",
)


@pytest.mark.parametrize("change", CHANGES)
def test_a_change_is_refused_and_the_row_stays(
    db: Session, make: Make, tenant: UUID, change: str
) -> None:
    row = make.row("blockchain_sync_log", tenant)
    with db.refused("TK003") as by:
        db.run(change)

    assert "ticketing.blockchain_sync_log refused: the table is append-only" in str(by.error)
    assert db.one("SELECT * FROM ticketing.blockchain_sync_log WHERE id = %s", row["id"]) == row


@pytest.mark.parametrize("change", CHANGES)
def test_a_service_is_not_even_granted_it(
    make: Make, tenant: UUID, as_tenant: Acting, change: str
) -> None:
    make.id("blockchain_sync_log", tenant)
    with as_tenant(tenant) as service, service.refused("42501"):
        service.run(change)


@pytest.mark.parametrize("change", [CHANGES[0], CHANGES[2]])
def test_the_owner_may_not_change_it_either(
    db: Session, make: Make, tenant: UUID, change: str
) -> None:
    make.id("blockchain_sync_log", tenant)
    with db.acting("ticketing_owner"), db.refused("TK003"):
        db.run(change)


def test_deleting_is_left_to_the_owner(db: Session) -> None:
    with db.acting("ticketing_owner"):
        # No policy shows the owner a row yet, so that nothing is deleted; it is not refused.
        assert db.run(CHANGES[1]) == 0


def test_a_change_of_status_still_adds_a_row(make: Make, tenant: UUID) -> None:
    relay = Relay(make, tenant)
    tx = relay.bring(relay.ticket(), "confirming")
    relay.confirm(tx)
    assert [event for event, _ in relay.log(tx)] == ["status_changed", "transaction_confirmed"]
