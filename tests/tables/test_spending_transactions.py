"""spending_transactions: rules of the table."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import TYPE_CHECKING
from uuid import UUID, uuid4

import pytest

from support.factories import Make, Row
from support.session import Session

if TYPE_CHECKING:
    from conftest import Acting


@pytest.mark.parametrize(
    ("constraint", "given"),
    [
        ("chk_spending_amount_positive", {"amount_cents": 0}),
        ("chk_spending_amount_positive", {"amount_cents": -1}),
        ("chk_spending_type", {"transaction_type": "gift"}),
        ("chk_spending_type", {"transaction_type": "reversal"}),
        ("chk_spending_transactions_reference", {"transaction_reference": ""}),
        ("chk_spending_transactions_reference", {"transaction_reference": "r" * 256}),
        ("chk_spending_transactions_currency", {"currency": "eur"}),
    ],
)
def test_a_value_outside_the_rules_is_refused(
    db: Session, make: Make, tenant: UUID, constraint: str, given: Row
) -> None:
    with db.refused("23514", constraint):
        make.row("spending_transactions", tenant, **given)


@pytest.mark.parametrize("kind", ["purchase", "transfer", "fee"])
def test_only_a_reversal_names_what_it_reverses(
    db: Session, make: Make, tenant: UUID, kind: str
) -> None:
    made = make.id("spending_transactions", tenant, transaction_type=kind)
    with db.refused("23514", "chk_spending_type"):
        make.row("spending_transactions", tenant, transaction_type=kind, reverses_id=made)


@pytest.mark.parametrize(
    "given",
    [
        {"amount_cents": 1},
        {"amount_cents": 2**63 - 1},
        {"transaction_reference": "r"},
        {"transaction_reference": "r" * 255},
    ],
)
def test_a_value_at_the_edge_of_the_rules_is_accepted(make: Make, tenant: UUID, given: Row) -> None:
    assert given.items() <= make.row("spending_transactions", tenant, **given).items()


def test_a_reference_stands_once_a_person_and_type(
    db: Session, make: Make, tenant: UUID, other_tenant: UUID
) -> None:
    first = make.row("spending_transactions", tenant, transaction_reference="order")
    same = {"user_id": first["user_id"], "transaction_reference": "order"}
    with db.refused("23505", "uq_spending_tx_reference"):
        make.row("spending_transactions", tenant, currency="EUR", **same)
    make.row("spending_transactions", tenant, transaction_type="fee", **same)
    make.row("spending_transactions", tenant, transaction_reference="order")
    make.id("users", other_tenant, id=first["user_id"])
    assert make.row("spending_transactions", other_tenant, **same)["user_id"] == first["user_id"]


def test_a_spending_is_reversed_once(db: Session, make: Make, tenant: UUID) -> None:
    made = make.id("spending_transactions", tenant)
    make.row("spending_transactions", tenant, reverses_id=made)
    with db.refused("23505", "uq_spending_tx_reversal"):
        make.row("spending_transactions", tenant, reverses_id=made)


def test_what_is_referred_to_is_of_the_tenant(
    db: Session, make: Make, tenant: UUID, other_tenant: UUID
) -> None:
    for stranger in (uuid4(), make.id("users", other_tenant)):
        with db.refused("23503", "fk_spending_transactions_user_id"):
            make.row("spending_transactions", tenant, user_id=stranger)
    theirs = make.id("spending_transactions", other_tenant)
    with db.refused("23503", "fk_spending_transactions_reverses_id"):
        make.row(
            "spending_transactions", tenant, reverses_id=theirs, user_id=make.id("users", tenant)
        )


def test_what_was_reversed_cannot_be_deleted(db: Session, make: Make, tenant: UUID) -> None:
    made = make.id("spending_transactions", tenant)
    make.row("spending_transactions", tenant, reverses_id=made)
    db.run("ALTER TABLE ticketing.spending_transactions DISABLE TRIGGER USER")
    restricted = "23001" if db.connection.info.server_version >= 180000 else "23503"
    with db.refused(restricted, "fk_spending_transactions_reverses_id"):
        db.run("DELETE FROM ticketing.spending_transactions WHERE id = %s", made)


def test_its_date_is_the_day_in_utc_whatever_the_session_thinks(
    db: Session, make: Make, tenant: UUID
) -> None:
    db.run("SET LOCAL TimeZone = 'Pacific/Auckland'")
    late = datetime(2030, 6, 1, 23, 59, 59, tzinfo=UTC)
    row = make.row("spending_transactions", tenant, occurred_at=late)
    assert row["transaction_date"] == date(2030, 6, 1)


def test_it_is_stamped_by_the_wall_clock(db: Session, make: Make, tenant: UUID) -> None:
    row = make.row("spending_transactions", tenant)
    started = db.value("SELECT now()")
    assert row["occurred_at"] > started
    assert row["created_at"] > started


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE ticketing.spending_transactions SET amount_cents = 1",
        "DELETE FROM ticketing.spending_transactions",
    ],
)
def test_a_service_only_adds(db: Session, tenant: UUID, as_tenant: Acting, change: str) -> None:
    with as_tenant(tenant), db.refused("42501"):
        db.run(change)
