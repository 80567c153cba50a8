"""payments: rules of the table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

import pytest

from support.factories import Make
from support.session import Session

if TYPE_CHECKING:
    from conftest import Acting

STATUSES = ["created", "pending", "succeeded", "failed", "cancelled", "disputed"]
COLUMNS = "order_id, provider, provider_payment_id, amount_cents, currency, status, version"


@pytest.mark.parametrize(
    ("constraint", "given"),
    [
        ("chk_payments_amount_positive", {"amount_cents": -1}),
        ("chk_payments_amount_positive", {"amount_cents": 10, "refunded_cents": 11}),
        ("chk_payments_amount_positive", {"refunded_cents": -1}),
        ("chk_payments_currency", {"currency": "usd"}),
        ("chk_payments_currency", {"currency": "US"}),
        ("chk_payments_currency", {"currency": "USDX"}),
        ("chk_payments_currency", {"currency": "USD\n"}),
    ],
)
def test_a_broken_rule_is_refused(
    db: Session, make: Make, tenant: UUID, constraint: str, given: dict[str, Any]
) -> None:
    with db.refused("23514", constraint):
        make.row("payments", tenant, **given)


def test_an_unknown_status_is_refused(db: Session, make: Make, tenant: UUID) -> None:
    with db.refused("23514", "chk_payments_status"), db.unguarded("payments", "05_start_status"):
        make.row("payments", tenant, status="paid")


@pytest.mark.parametrize(
    "given",
    [
        {"amount_cents": 0},
        {"amount_cents": 10, "refunded_cents": 10},
        {"currency": "EUR"},
        {"provider_payment_id": None},
        *({"status": status} for status in STATUSES),
    ],
)
def test_the_last_allowed_value_is_accepted(
    make: Make, tenant: UUID, given: dict[str, Any]
) -> None:
    assert given.items() <= make.row("payments", tenant, **given).items()


def test_a_new_payment_is_created_and_nothing_is_refunded(make: Make, tenant: UUID) -> None:
    row = make.row("payments", tenant)
    assert (row["status"], row["provider"], row["currency"]) == ("created", "stripe", "USD")
    assert (row["refunded_cents"], row["version"]) == (0, 1)


def test_a_payment_of_a_provider_is_stored_once_in_a_tenant(
    db: Session, make: Make, tenant: UUID, other_tenant: UUID
) -> None:
    make.row("payments", tenant, provider_payment_id="pi_1")
    with db.refused("23505", "uq_payments_provider"):
        make.row("payments", tenant, provider_payment_id="pi_1")
    make.row("payments", tenant, provider="paypal", provider_payment_id="pi_1")
    make.row("payments", other_tenant, provider_payment_id="pi_1")
    for _ in range(2):
        make.row("payments", tenant, provider_payment_id=None)


def test_the_order_is_one_of_the_tenant(
    db: Session, make: Make, tenant: UUID, other_tenant: UUID
) -> None:
    for order in (make.id("orders", other_tenant), uuid4()):
        with db.refused("23503", "fk_payments_order_id"):
            make.row("payments", tenant, order_id=order)


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO ticketing.payments (tenant_id, order_id, amount_cents)"
        " SELECT tenant_id, order_id, 1 FROM ticketing.payments",
        "UPDATE ticketing.payments SET status = 'succeeded'",
        "DELETE FROM ticketing.payments",
    ],
)
def test_a_service_writes_through_record_payment_alone(
    db: Session, make: Make, tenant: UUID, as_tenant: Acting, statement: str
) -> None:
    make.row("payments", tenant)
    with as_tenant(tenant), db.refused("42501"):
        db.run(statement)


@pytest.mark.parametrize("column", COLUMNS.split(", "))
def test_the_worker_copies_what_the_owner_sends(
    make: Make, tenant: UUID, as_worker: Acting, column: str
) -> None:
    make.row("payments", tenant)
    with as_worker() as worker:
        set_it = f"{column} = {column}" if column != "version" else "version = 2"
        assert worker.run(f"UPDATE ticketing.payments SET {set_it}") == 1


@pytest.mark.parametrize(
    "column", ["tenant_id", "id", "refunded_cents", "created_at", "updated_at"]
)
def test_the_worker_cannot_change(db: Session, as_worker: Acting, column: str) -> None:
    with as_worker(), db.refused("42501") as by:
        db.run(f"UPDATE ticketing.payments SET {column} = DEFAULT")
    assert "permission denied" in str(by.error)


def test_the_worker_cannot_delete(db: Session, as_worker: Acting) -> None:
    with as_worker(), db.refused("42501"):
        db.run("DELETE FROM ticketing.payments")
