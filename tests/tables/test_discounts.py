"""discounts: rules of the table."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import pytest

from support.factories import Make
from support.session import Session

Acting = Callable[..., AbstractContextManager[Session]]

NOW = datetime(2030, 6, 1, 18, tzinfo=UTC)
TICK = timedelta(microseconds=1)
FIXED = {"discount_type": "fixed", "currency": "USD"}
PARENTS = [
    ("fk_discounts_event_id", "event_id", "events"),
    ("fk_discounts_ticket_type_id", "ticket_type_id", "ticket_types"),
]


@pytest.mark.parametrize(
    ("constraint", "given"),
    [
        ("chk_discounts_type", {"discount_type": "free"}),
        ("chk_discounts_value", {"discount_value": 0}),
        ("chk_discounts_value", {"discount_value": -1}),
        ("chk_discounts_value", {"discount_value": Decimal("0.004")}),
        ("chk_discounts_value", {"discount_value": Decimal("100.01")}),
        (
            "chk_discounts_value",
            {"discount_type": "early_bird", "discount_value": Decimal("100.01")},
        ),
        ("chk_discounts_value", {**FIXED, "discount_value": 0}),
        ("chk_discounts_currency", {"discount_type": "fixed", "currency": None}),
        ("chk_discounts_currency", {**FIXED, "currency": "usd"}),
        ("chk_discounts_currency", {**FIXED, "currency": "US"}),
        ("chk_discounts_currency", {**FIXED, "currency": "USDX"}),
        ("chk_discounts_amounts_positive", {"min_purchase_cents": -1}),
        ("chk_discounts_amounts_positive", {"max_discount_cents": -1}),
        ("chk_discounts_uses", {"times_used": -1}),
        ("chk_discounts_uses", {"max_uses": 0}),
        ("chk_discounts_uses", {"max_uses": 2, "times_used": 3}),
        ("chk_discounts_uses", {"max_uses_per_user": 0}),
        ("chk_discounts_dates", {"valid_from": NOW, "valid_until": NOW}),
        ("chk_discounts_code", {"code": ""}),
        ("chk_discounts_code", {"code": "   "}),
        ("chk_discounts_code", {"code": "C" * 51}),
    ],
)
def test_a_broken_rule_is_refused(
    db: Session, make: Make, tenant: UUID, constraint: str, given: dict[str, Any]
) -> None:
    with db.refused("23514", constraint):
        make.row("discounts", tenant, **given)


@pytest.mark.parametrize(
    "given",
    [
        {"discount_type": "percentage", "discount_value": Decimal("0.01")},
        {"discount_type": "percentage", "discount_value": Decimal("100.00")},
        {"discount_type": "early_bird", "discount_value": Decimal("100.00")},
        {**FIXED, "discount_value": Decimal("100.01")},
        {"discount_type": "bogo", "discount_value": Decimal("100.01")},
        {"discount_type": "percentage", "currency": None},
        {"min_purchase_cents": 0, "max_discount_cents": 0},
        {"times_used": 0, "max_uses": 1},
        {"times_used": 3, "max_uses": 3},
        {"times_used": 99, "max_uses": None},
        {"max_uses_per_user": 1},
        {"valid_from": NOW, "valid_until": NOW + TICK},
        {"valid_from": NOW, "valid_until": None},
        {"valid_from": None, "valid_until": NOW},
        {"code": "C"},
        {"code": f"  {'C' * 50}  "},
    ],
)
def test_the_last_allowed_value_is_accepted(
    make: Make, tenant: UUID, given: dict[str, Any]
) -> None:
    assert given.items() <= make.row("discounts", tenant, **given).items()


@pytest.mark.parametrize("again", ["summer", "SUMMER", "  Summer "])
def test_a_code_is_used_once_in_a_tenant_however_it_is_typed(
    db: Session, make: Make, tenant: UUID, again: str
) -> None:
    make.row("discounts", tenant, code="Summer")
    with db.refused("23505", "uq_discounts_code"):
        make.row("discounts", tenant, code=again)


def test_two_tenants_may_use_the_same_code(make: Make, tenant: UUID, other_tenant: UUID) -> None:
    make.row("discounts", tenant, code="Summer")
    assert make.row("discounts", other_tenant, code="Summer")["code"] == "Summer"


def test_a_code_is_kept_as_typed_and_looked_up_in_capitals(
    db: Session, make: Make, tenant: UUID, as_tenant: Acting
) -> None:
    row = make.row("discounts", tenant, code=" Summer ")
    assert (row["code"], row["code_normalized"]) == (" Summer ", "SUMMER")
    with as_tenant(tenant):
        changed = db.value(
            "UPDATE ticketing.discounts SET code = 'winter' RETURNING code_normalized"
        )
    assert changed == "WINTER"


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
        make.row("discounts", tenant, **{column: stranger})


@pytest.mark.parametrize(("constraint", "column", "parent"), PARENTS)
def test_a_parent_must_exist(
    db: Session, make: Make, *, tenant: UUID, constraint: str, column: str, parent: str
) -> None:
    with db.refused("23503", constraint):
        make.row("discounts", tenant, **{column: uuid4()})


def test_a_new_discount_is_active_unused_and_stands_alone(make: Make, tenant: UUID) -> None:
    row = make.row("discounts", tenant)
    expected = {
        "is_active": True,
        "times_used": 0,
        "stackable": False,
        "priority": 100,
        "max_uses": None,
        "version": 1,
    }
    assert expected.items() <= row.items()


@pytest.mark.parametrize(
    "column", ["tenant_id", "id", "code_normalized", "version", "created_at", "updated_at"]
)
def test_a_service_cannot_change(db: Session, tenant: UUID, as_tenant: Acting, column: str) -> None:
    with as_tenant(tenant), db.refused("42501") as by:
        db.run(f"UPDATE ticketing.discounts SET {column} = DEFAULT")
    assert "permission denied" in str(by.error)


def test_a_service_may_change_all_the_rest(
    db: Session, make: Make, tenant: UUID, as_tenant: Acting
) -> None:
    columns = """
        event_id, ticket_type_id, code, discount_type, discount_value, currency, max_uses,
        times_used, max_uses_per_user, min_purchase_cents, max_discount_cents, stackable,
        priority, valid_from, valid_until, is_active
    """
    make.row("discounts", tenant)
    with as_tenant(tenant):
        assert db.run(f"UPDATE ticketing.discounts SET ({columns}) = ROW ({columns})") == 1


def test_a_service_cannot_delete(db: Session, tenant: UUID, as_tenant: Acting) -> None:
    with as_tenant(tenant), db.refused("42501"):
        db.run("DELETE FROM ticketing.discounts")
