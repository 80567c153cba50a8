"""Triggers of account_lockout_events: rows are added and never changed."""

from __future__ import annotations

from uuid import UUID

import pytest

from support.factories import Make
from support.session import Session

CHANGES = (
    "UPDATE ticketing.account_lockout_events SET failed_attempt_count = 0",
    "DELETE FROM ticketing.account_lockout_events",
    "TRUNCATE ticketing.account_lockout_events",
)


@pytest.mark.parametrize("change", CHANGES)
def test_a_change_is_refused_and_the_row_stays(
    db: Session, make: Make, tenant: UUID, change: str
) -> None:
    row = make.row("account_lockout_events", tenant)
    with db.refused("TK003"):
        db.run(change)
    assert db.one("SELECT * FROM ticketing.account_lockout_events WHERE id = %s", row["id"]) == row


@pytest.mark.parametrize("change", [CHANGES[0], CHANGES[2]])
def test_the_owner_under_which_the_functions_run_may_not_change_it_either(
    db: Session, make: Make, tenant: UUID, change: str
) -> None:
    make.row("account_lockout_events", tenant)
    with db.acting("ticketing_owner"), db.refused("TK003"):
        db.run(change)
