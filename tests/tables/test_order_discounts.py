"""order_discounts: rules of the table."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import pytest

from support.factories import Make
from support.session import Session

Acting = Callable[..., AbstractContextManager[Session]]

NOW = datetime(2030, 6, 1, 18, tzinfo=UTC)
REVERSED = {"status": "reversed", "reversed_at": NOW}


@pytest.mark.parametrize(
    ("constraint", "given"),
    [
        ("chk_order_discounts_amount_positive", {"amount_cents": -1}),
        ("chk_order_discounts_status", {"status": "gone"}),
        ("chk_order_discounts_status", {"status": "reversed"}),
        ("chk_order_discounts_status", {"status": "applied", "reversed_at": NOW}),
    ],
)
def test_a_broken_rule_is_refused(
    db: Session, make: Make, tenant: UUID, constraint: str, given: dict[str, Any]
) -> None:
    with db.refused("23514", constraint):
        make.row("order_discounts", tenant, **given)


@pytest.mark.parametrize("given", [{"amount_cents": 0}, {"status": "applied"}, REVERSED])
def test_the_last_allowed_value_is_accepted(
    make: Make, tenant: UUID, given: dict[str, Any]
) -> None:
    assert given.items() <= make.row("order_discounts", tenant, **given).items()


@pytest.mark.parametrize("given", [{"status": "applied"}, REVERSED])
def test_a_discount_is_used_once_in_an_order(
    db: Session, make: Make, tenant: UUID, given: dict[str, Any]
) -> None:
    used = make.row("order_discounts", tenant, **given)
    same = {"order_id": used["order_id"], "discount_id": used["discount_id"]}
    with db.refused("23505", "uq_order_discounts_once"):
        make.row("order_discounts", tenant, **same)


@pytest.mark.parametrize("same", ["order_id", "discount_id"])
def test_another_discount_or_order_is_another_use(make: Make, tenant: UUID, same: str) -> None:
    used = make.row("order_discounts", tenant)
    assert make.row("order_discounts", tenant, **{same: used[same]})["id"] != used["id"]


def test_the_same_ids_in_another_tenant_are_another_use(
    make: Make, tenant: UUID, other_tenant: UUID
) -> None:
    used = make.row("order_discounts", tenant)
    same = {
        "order_id": make.id("orders", other_tenant, id=used["order_id"]),
        "discount_id": make.id("discounts", other_tenant, id=used["discount_id"]),
    }
    assert same.items() <= make.row("order_discounts", other_tenant, **same).items()


def test_the_discount_may_not_be_of_another_tenant(
    db: Session, make: Make, tenant: UUID, other_tenant: UUID
) -> None:
    stranger = make.id("discounts", other_tenant)
    with db.refused("23503", "fk_order_discounts_discount_id"):
        make.row("order_discounts", tenant, discount_id=stranger)


def test_the_discount_must_exist(db: Session, make: Make, tenant: UUID) -> None:
    with db.refused("23503", "fk_order_discounts_discount_id"):
        make.row("order_discounts", tenant, discount_id=uuid4())


def test_the_order_must_be_one_of_the_tenant(
    db: Session, make: Make, tenant: UUID, other_tenant: UUID
) -> None:
    for order in (uuid4(), make.id("orders", other_tenant)):
        with db.refused("23503", "fk_order_discounts_order_id"):
            make.row("order_discounts", tenant, order_id=order)


def test_a_new_use_is_applied(make: Make, tenant: UUID) -> None:
    row = make.row("order_discounts", tenant)
    assert (row["status"], row["reversed_at"]) == ("applied", None)


@pytest.mark.parametrize(
    "column",
    [
        "tenant_id",
        "id",
        "order_id",
        "discount_id",
        "user_id",
        "discount_code",
        "discount_type",
    ],
)
def test_a_service_cannot_change(db: Session, tenant: UUID, as_tenant: Acting, column: str) -> None:
    with as_tenant(tenant), db.refused("42501") as by:
        db.run(f"UPDATE ticketing.order_discounts SET {column} = DEFAULT")
    assert "permission denied" in str(by.error)


def test_a_service_reverses_a_use_but_never_deletes_it(
    db: Session, make: Make, tenant: UUID, as_tenant: Acting
) -> None:
    make.row("order_discounts", tenant)
    with as_tenant(tenant):
        changes = "status = 'reversed', reversed_at = now()"
        assert db.run(f"UPDATE ticketing.order_discounts SET {changes}") == 1
        with db.refused("42501"):
            db.run("DELETE FROM ticketing.order_discounts")
