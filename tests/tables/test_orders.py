"""orders: rules of the table."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any
from uuid import UUID, uuid4

import pytest

from support.factories import Make
from support.session import Session

Acting = Callable[..., AbstractContextManager[Session]]

PARENTS = [("fk_orders_user_id", "user_id", "users"), ("fk_orders_event_id", "event_id", "events")]


@pytest.mark.parametrize(
    ("constraint", "given"),
    [
        ("chk_orders_status", {"status": "open"}),
        ("chk_orders_amounts_positive", {"subtotal_cents": -1, "fees_cents": 1}),
        ("chk_orders_amounts_positive", {"discount_cents": -1, "total_cents": 1}),
        ("chk_orders_amounts_positive", {"fees_cents": -1, "subtotal_cents": 1}),
        ("chk_orders_amounts_positive", {"tax_cents": -1, "subtotal_cents": 1}),
        ("chk_orders_amounts_positive", {"total_cents": -1, "discount_cents": 1}),
        ("chk_orders_amounts_positive", {"paid_cents": -1, "refunded_cents": -1}),
        ("chk_orders_amounts_positive", {"refunded_cents": -1}),
        ("chk_orders_total", {"subtotal_cents": 100, "total_cents": 99}),
        ("chk_orders_total", {"subtotal_cents": 100, "total_cents": 101}),
        ("chk_orders_total", {"subtotal_cents": 100, "discount_cents": 1, "total_cents": 100}),
        ("chk_orders_total", {"fees_cents": 1}),
        ("chk_orders_total", {"tax_cents": 1}),
        ("chk_orders_refund_ceiling", {"paid_cents": 100, "refunded_cents": 101}),
        ("chk_orders_currency", {"currency": "usd"}),
        ("chk_orders_currency", {"currency": "US"}),
        ("chk_orders_currency", {"currency": "USDX"}),
        ("chk_orders_currency", {"currency": "USD\n"}),
    ],
)
def test_a_broken_rule_is_refused(
    db: Session, make: Make, tenant: UUID, constraint: str, given: dict[str, Any]
) -> None:
    with db.refused("23514", constraint):
        make.row("orders", tenant, **given)


@pytest.mark.parametrize(
    "given",
    [
        *({"status": status} for status in ("pending", "awaiting_payment", "confirmed")),
        *({"status": status} for status in ("completed", "cancelled", "expired", "failed")),
        *({"status": status} for status in ("refunded", "partially_refunded")),
        {
            "subtotal_cents": 1000,
            "discount_cents": 100,
            "fees_cents": 50,
            "tax_cents": 20,
            "total_cents": 970,
        },
        {"subtotal_cents": 100, "discount_cents": 100, "total_cents": 0},
        {"paid_cents": 100, "refunded_cents": 100},
        {"currency": "EUR"},
    ],
)
def test_the_last_allowed_value_is_accepted(
    make: Make, tenant: UUID, given: dict[str, Any]
) -> None:
    assert given.items() <= make.row("orders", tenant, **given).items()


def test_an_order_number_is_used_once_in_a_tenant(db: Session, make: Make, tenant: UUID) -> None:
    make.row("orders", tenant, order_number="2030-1")
    with db.refused("23505", "uq_orders_tenant_number"):
        make.row("orders", tenant, order_number="2030-1")


def test_two_tenants_may_use_the_same_order_number(
    make: Make, tenant: UUID, other_tenant: UUID
) -> None:
    make.row("orders", tenant, order_number="2030-1")
    assert make.row("orders", other_tenant, order_number="2030-1")["order_number"] == "2030-1"


@pytest.mark.parametrize(("constraint", "column", "parent"), PARENTS)
def test_a_parent_of_another_tenant_is_refused(
    db: Session,
    make: Make,
    *,
    tenant: UUID,
    other_tenant: UUID,
    constraint: str,
    column: str,
    parent: str,
) -> None:
    stranger = make.id(parent, other_tenant)
    with db.refused("23503", constraint):
        make.row("orders", tenant, **{column: stranger})


@pytest.mark.parametrize(("constraint", "column", "parent"), PARENTS)
def test_a_parent_must_exist(
    db: Session, make: Make, *, tenant: UUID, constraint: str, column: str, parent: str
) -> None:
    with db.refused("23503", constraint):
        make.row("orders", tenant, **{column: uuid4()})


def test_a_new_order_is_pending_and_nothing_is_paid(make: Make, tenant: UUID) -> None:
    row = make.row("orders", tenant)
    assert (row["status"], row["currency"], row["version"]) == ("pending", "USD", 1)
    assert row["total_cents"] == row["paid_cents"] == row["refunded_cents"] == 0


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO ticketing.orders (tenant_id, order_number)"
        " VALUES (ticketing.current_tenant_id(), 'mine')",
        "UPDATE ticketing.orders SET paid_cents = 1",
        "DELETE FROM ticketing.orders",
    ],
)
def test_a_service_cannot_write(
    db: Session, tenant: UUID, as_tenant: Acting, statement: str
) -> None:
    with as_tenant(tenant), db.refused("42501") as by:
        db.run(statement)
    assert "permission denied" in str(by.error)


def test_the_worker_copies_what_the_owner_sends(
    db: Session, tenant: UUID, as_worker: Acting
) -> None:
    with as_worker():
        db.run("INSERT INTO ticketing.orders (tenant_id, order_number) VALUES (%s, '1')", tenant)
        changed = db.run(
            "UPDATE ticketing.orders SET user_id = NULL, event_id = NULL, order_number = '2', "
            "status = 'completed', subtotal_cents = 10, discount_cents = 0, fees_cents = 0, "
            "tax_cents = 0, total_cents = 10, paid_cents = 10, currency = 'EUR', "
            "expires_at = NULL, version = 2 WHERE tenant_id = %s",
            tenant,
        )
    assert changed == 1


@pytest.mark.parametrize(
    "column", ["tenant_id", "id", "refunded_cents", "created_at", "updated_at"]
)
def test_the_worker_cannot_change(db: Session, as_worker: Acting, column: str) -> None:
    with as_worker(), db.refused("42501") as by:
        db.run(f"UPDATE ticketing.orders SET {column} = DEFAULT")
    assert "permission denied" in str(by.error)


def test_the_worker_cannot_delete(db: Session, as_worker: Acting) -> None:
    with as_worker(), db.refused("42501"):
        db.run("DELETE FROM ticketing.orders")
