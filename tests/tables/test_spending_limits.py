"""spending_limits: rules of the table."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID, uuid4

import pytest

from support.factories import Make, Row
from support.session import Session

if TYPE_CHECKING:
    from conftest import Acting

LIMITS = ("per_transaction_limit", "daily_limit", "weekly_limit", "monthly_limit")
POSITIVE = (
    "chk_per_tx_limit_positive",
    "chk_daily_limit_positive",
    "chk_weekly_limit_positive",
    "chk_monthly_limit_positive",
)


def limits(*values: int) -> Row:
    return dict(zip(LIMITS, values, strict=True))


@pytest.mark.parametrize("value", [0, -1])
@pytest.mark.parametrize(("constraint", "column"), list(zip(POSITIVE, LIMITS, strict=True)))
def test_a_limit_is_above_zero(
    db: Session, make: Make, tenant: UUID, *, constraint: str, column: str, value: int
) -> None:
    # Else the order of the limits answers.
    db.run("ALTER TABLE ticketing.spending_limits DROP CONSTRAINT chk_limits_hierarchy")
    with db.refused("23514", constraint):
        make.row("spending_limits", tenant, **{column: value})


@pytest.mark.parametrize("values", [(2, 1, 3, 4), (1, 3, 2, 4), (1, 2, 4, 3)])
def test_a_longer_time_allows_no_less(
    db: Session, make: Make, tenant: UUID, values: tuple[int, ...]
) -> None:
    with db.refused("23514", "chk_limits_hierarchy"):
        make.row("spending_limits", tenant, **limits(*values))


@pytest.mark.parametrize("values", [(1, 1, 1, 1), (1, 2, 3, 4), (2**63 - 1,) * 4])
def test_limits_may_be_alike(make: Make, tenant: UUID, values: tuple[int, ...]) -> None:
    made = make.row("spending_limits", tenant, **limits(*values))
    assert limits(*values).items() <= made.items()


@pytest.mark.parametrize(
    ("constraint", "given"),
    [
        ("chk_spending_limits_window", {"window_mode": "weekly"}),
        ("chk_spending_limits_window", {"window_mode": ""}),
        ("chk_spending_limits_currency", {"currency": "eur"}),
        ("chk_spending_limits_currency", {"currency": "EURO"}),
        ("chk_spending_limits_currency", {"currency": ""}),
    ],
)
def test_a_value_outside_the_rules_is_refused(
    db: Session, make: Make, tenant: UUID, constraint: str, given: Row
) -> None:
    with db.refused("23514", constraint):
        make.row("spending_limits", tenant, **given)


def test_a_person_has_one_row_a_currency(
    db: Session, make: Make, tenant: UUID, other_tenant: UUID
) -> None:
    first = make.row("spending_limits", tenant)
    with db.refused("23505", "uq_spending_limits_user"):
        make.row("spending_limits", tenant, user_id=first["user_id"])
    make.row("spending_limits", tenant, user_id=first["user_id"], currency="EUR")
    make.row("spending_limits", tenant)
    same = make.id("users", other_tenant, id=first["user_id"])
    assert make.row("spending_limits", other_tenant, user_id=same)["user_id"] == same


def test_a_tenant_has_one_default_a_currency(
    db: Session, make: Make, tenant: UUID, other_tenant: UUID
) -> None:
    make.row("spending_limits", tenant, user_id=None)
    with db.refused("23505", "uq_spending_limits_default"):
        make.row("spending_limits", tenant, user_id=None)
    make.row("spending_limits", tenant, user_id=None, currency="EUR")
    assert make.row("spending_limits", other_tenant, user_id=None)["user_id"] is None


def test_the_person_is_one_of_the_tenant(
    db: Session, make: Make, tenant: UUID, other_tenant: UUID
) -> None:
    for stranger in (uuid4(), make.id("users", other_tenant)):
        with db.refused("23503", "fk_spending_limits_user_id"):
            make.row("spending_limits", tenant, user_id=stranger)


@pytest.mark.parametrize(
    "column", ["tenant_id", "id", "user_id", "currency", "version", "created_at", "updated_at"]
)
def test_a_service_cannot_change(db: Session, tenant: UUID, as_tenant: Acting, column: str) -> None:
    with as_tenant(tenant), db.refused("42501") as by:
        db.run(f"UPDATE ticketing.spending_limits SET {column} = DEFAULT")
    assert "permission denied" in str(by.error)


def test_a_service_may_change_all_the_rest(
    db: Session, make: Make, tenant: UUID, as_tenant: Acting
) -> None:
    columns = f"{', '.join(LIMITS)}, window_mode, timezone, updated_by"
    make.row("spending_limits", tenant)
    with as_tenant(tenant):
        assert db.run(f"UPDATE ticketing.spending_limits SET ({columns}) = ROW ({columns})") == 1


def test_a_service_cannot_delete(db: Session, tenant: UUID, as_tenant: Acting) -> None:
    with as_tenant(tenant), db.refused("42501"):
        db.run("DELETE FROM ticketing.spending_limits")
