"""Triggers of spending_transactions: a reversal is compared with what it reverses."""

from __future__ import annotations

from uuid import UUID

from support.factories import Make
from support.session import Session


def test_a_reversal_is_compared_with_what_it_reverses(
    db: Session, make: Make, tenant: UUID
) -> None:
    made = make.id("spending_transactions", tenant, amount_cents=100)
    with db.refused("TK724"):
        make.row("spending_transactions", tenant, reverses_id=made, amount_cents=101)
    assert make.row("spending_transactions", tenant, reverses_id=made)["amount_cents"] == 100
