"""Triggers of spending_transactions: rows are added and never changed."""

from __future__ import annotations

from uuid import UUID

import pytest

from support.factories import Make
from support.session import Session

CHANGES = (
    "UPDATE ticketing.spending_transactions SET amount_cents = 1",
    "DELETE FROM ticketing.spending_transactions",
    "TRUNCATE ticketing.spending_transactions",
)


@pytest.mark.parametrize("change", CHANGES)
def test_a_change_is_refused_and_the_row_stays(
    db: Session, make: Make, tenant: UUID, change: str
) -> None:
    row = make.row("spending_transactions", tenant)
    with db.refused("TK003"):
        db.run(change)
    assert db.one("SELECT * FROM ticketing.spending_transactions WHERE id = %s", row["id"]) == row


@pytest.mark.parametrize("change", [CHANGES[0], CHANGES[2]])
def test_the_owner_may_not_change_it_either(
    db: Session, make: Make, tenant: UUID, change: str
) -> None:
    make.row("spending_transactions", tenant)
    with db.acting("ticketing_owner"), db.refused("TK003"):
        db.run(change)


def test_a_reversal_is_compared_with_what_it_reverses(
    db: Session, make: Make, tenant: UUID
) -> None:
    made = make.id("spending_transactions", tenant, amount_cents=100)
    with db.refused("TK724"):
        make.row("spending_transactions", tenant, reverses_id=made, amount_cents=101)
    assert make.row("spending_transactions", tenant, reverses_id=made)["amount_cents"] == 100
