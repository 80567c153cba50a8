"""guard_spending_reversal: what a reversal must agree with, whoever writes it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

import pytest

from support.factories import Make, Row
from support.session import Session

if TYPE_CHECKING:
    from conftest import Acting

ADD = """
    INSERT INTO ticketing.spending_transactions (
        tenant_id, user_id, amount_cents, currency, transaction_type, transaction_reference,
        reverses_id
    ) VALUES (
        %(tenant_id)s, %(user_id)s, %(amount_cents)s, %(currency)s, 'reversal', 'back', %(id)s
    )
"""


def reverse(db: Session, spending: Row, **other: Any) -> int:
    values = {**spending, **other}
    return db.connection.execute(ADD.encode(), values).rowcount


def test_a_reversal_of_the_whole_is_accepted(
    db: Session, make: Make, tenant: UUID, as_tenant: Acting
) -> None:
    spending = make.row("spending_transactions", tenant, amount_cents=100, currency="EUR")
    with as_tenant(tenant):
        assert reverse(db, spending) == 1


@pytest.mark.parametrize(
    "other", [{"amount_cents": 99}, {"amount_cents": 101}, {"currency": "USD"}, {"user_id": ""}]
)
def test_another_amount_currency_or_person_is_refused(
    db: Session, make: Make, tenant: UUID, *, as_tenant: Acting, other: Row
) -> None:
    spending = make.row("spending_transactions", tenant, amount_cents=100, currency="EUR")
    if "user_id" in other:
        other = {"user_id": make.id("users", tenant)}
    with as_tenant(tenant), db.refused("TK724"):
        reverse(db, spending, **other)


def test_a_reversal_is_not_reversed(
    db: Session, make: Make, tenant: UUID, as_tenant: Acting
) -> None:
    spending = make.id("spending_transactions", tenant)
    reversal = make.row("spending_transactions", tenant, reverses_id=spending)
    with as_tenant(tenant), db.refused("TK724"):
        reverse(db, reversal)


def test_what_the_tenant_does_not_have_is_left_to_the_foreign_key(
    db: Session, make: Make, tenant: UUID, other_tenant: UUID, as_tenant: Acting
) -> None:
    spending = make.row("spending_transactions", tenant)
    theirs = make.id("spending_transactions", other_tenant)
    with as_tenant(tenant):
        for unknown in (theirs, uuid4()):
            with db.refused("23503", "fk_spending_transactions_reverses_id"):
                reverse(db, spending, id=unknown)
