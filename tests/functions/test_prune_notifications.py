"""prune_notifications: messages that were sent or given up."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING
from uuid import UUID

import pytest

from support.factories import Make
from support.session import Session
from support.sweeps import DAY

if TYPE_CHECKING:
    from conftest import Acting

PRUNE = "SELECT ticketing.prune_notifications('30 days')"


@pytest.mark.parametrize(("status", "goes"), [("sent", 1), ("failed", 1), ("pending", 0)])
def test_what_waits_to_be_sent_stays(
    db: Session, make: Make, tenant: UUID, *, as_worker: Acting, status: str, goes: int
) -> None:
    old = datetime.now(UTC) - 99 * DAY
    sent = {"sent_at": old} if status == "sent" else {}
    make.row("ticket_notifications", tenant, status=status, updated_at=old, **sent)
    with as_worker():
        assert db.value(PRUNE) == goes


def test_one_that_was_touched_of_late_stays(
    db: Session, make: Make, tenant: UUID, as_worker: Acting
) -> None:
    old = datetime.now(UTC) - 99 * DAY
    make.row("ticket_notifications", tenant, status="sent", sent_at=old, updated_at=old)
    db.run("UPDATE ticketing.ticket_notifications SET message = 'opened'")
    with as_worker():
        assert db.value(PRUNE) == 0
