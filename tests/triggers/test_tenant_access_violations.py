"""Triggers of tenant_access_violations: rows are added and never changed."""

from __future__ import annotations

from uuid import UUID

import pytest

from support.factories import Make
from support.session import Session

CHANGES = (
    "UPDATE ticketing.tenant_access_violations SET user_name = 'innocent'",
    "DELETE FROM ticketing.tenant_access_violations",
    "TRUNCATE ticketing.tenant_access_violations",
)


@pytest.mark.parametrize("change", CHANGES)
def test_a_change_is_refused_and_the_row_stays(
    db: Session, make: Make, tenant: UUID, change: str
) -> None:
    row = make.row("tenant_access_violations", tenant)
    with db.refused("TK003") as by:
        db.run(change)

    assert "ticketing.tenant_access_violations refused: the table is append-only" in str(by.error)
    kept = db.one("SELECT * FROM ticketing.tenant_access_violations WHERE id = %s", row["id"])
    assert kept == row


@pytest.mark.parametrize("change", [CHANGES[0], CHANGES[2]])
def test_the_owner_may_not_change_it_either(
    db: Session, make: Make, tenant: UUID, change: str
) -> None:
    make.id("tenant_access_violations", tenant)
    with db.acting("ticketing_owner"), db.refused("TK003"):
        db.run(change)


def test_deleting_is_left_to_the_owner(db: Session, make: Make, tenant: UUID) -> None:
    make.id("tenant_access_violations", tenant)
    with db.acting("ticketing_owner"):
        # No policy lets the owner delete a row yet, so that nothing is deleted; it is not refused.
        assert db.run(CHANGES[1]) == 0
