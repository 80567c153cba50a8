"""guard_spending_limit: who sets limits, and in which time zone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID

import pytest

from support.factories import Make
from support.session import Session

if TYPE_CHECKING:
    from conftest import Acting

ADD = """
    INSERT INTO ticketing.spending_limits (tenant_id, user_id, {0}) VALUES (%s, %s, %s)
"""
SIGN = "UPDATE ticketing.spending_limits SET updated_by = %s WHERE id = %s"
RAISE = "UPDATE ticketing.spending_limits SET monthly_limit = monthly_limit + 1 WHERE id = %s"


@pytest.fixture
def person(make: Make, tenant: UUID) -> UUID:
    return make.id("users", tenant)


@pytest.mark.parametrize("role", ["user", "venue_owner"])
def test_a_customer_does_not_raise_a_limit(
    db: Session, make: Make, tenant: UUID, *, person: UUID, as_user: Acting, role: str
) -> None:
    own = make.id("spending_limits", tenant, user_id=person)
    default = make.id("spending_limits", tenant, user_id=None)
    with as_user(tenant, person, role):
        for row in (own, default):
            with db.refused("TK725"):
                db.run(RAISE, row)
            # Not even what changes no limit.
            with db.refused("TK725"):
                db.run(SIGN, person, row)


@pytest.mark.parametrize("role", ["staff", "admin"])
def test_staff_and_services_do(
    db: Session,
    make: Make,
    tenant: UUID,
    *,
    person: UUID,
    as_user: Acting,
    as_tenant: Acting,
    role: str,
) -> None:
    row = make.id("spending_limits", tenant, user_id=person)
    with as_user(tenant, person, role):
        assert db.run(RAISE, row) == 1
    with as_tenant(tenant):
        assert db.run(RAISE, row) == 1


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("per_transaction_limit", 50001),
        ("per_transaction_limit", 49999),
        ("daily_limit", 100001),
        ("weekly_limit", 500001),
        ("monthly_limit", 2000001),
        ("window_mode", "calendar"),
        ("timezone", "Europe/Berlin"),
    ],
)
def test_a_customer_makes_no_row_but_the_one_that_holds_anyway(
    db: Session,
    tenant: UUID,
    person: UUID,
    *,
    as_user: Acting,
    as_tenant: Acting,
    column: str,
    value: Any,
) -> None:
    with as_user(tenant, person):
        with db.refused("TK725"):
            db.run(ADD.format(column), tenant, person, value)
        with db.refused("TK725"):
            db.run(ADD.format("currency"), tenant, None, "USD")
        with db.connection.transaction(force_rollback=True):
            assert db.run(ADD.format("currency"), tenant, person, "USD") == 1
    with as_tenant(tenant):
        assert db.run(ADD.format(column), tenant, person, value) == 1


def test_what_holds_anyway_is_the_tenants_default(
    db: Session, make: Make, tenant: UUID, person: UUID, as_user: Acting
) -> None:
    make.row("spending_limits", tenant, user_id=None, monthly_limit=3000000)
    with as_user(tenant, person):
        with db.refused("TK725"):
            db.run(ADD.format("currency"), tenant, person, "USD")
        assert db.run(ADD.format("monthly_limit"), tenant, person, 3000000) == 1


@pytest.mark.parametrize("zone", ["Mars/Phobos", "", "Europe/berlin; DROP"])
def test_a_time_zone_is_one_that_the_server_knows(
    db: Session, make: Make, tenant: UUID, *, person: UUID, as_tenant: Acting, zone: str
) -> None:
    row = make.id("spending_limits", tenant)
    with as_tenant(tenant):
        with db.refused("TK726"):
            db.run(ADD.format("timezone"), tenant, person, zone)
        with db.refused("TK726"):
            db.run("UPDATE ticketing.spending_limits SET timezone = %s WHERE id = %s", zone, row)


@pytest.mark.parametrize("zone", ["UTC", "Europe/Berlin", "America/St_Johns"])
def test_a_known_time_zone_is_kept(
    db: Session, tenant: UUID, person: UUID, as_tenant: Acting, zone: str
) -> None:
    with as_tenant(tenant):
        assert db.run(ADD.format("timezone"), tenant, person, zone) == 1


def test_a_missing_time_zone_is_the_columns_to_refuse(
    db: Session, tenant: UUID, person: UUID, as_tenant: Acting
) -> None:
    with as_tenant(tenant), db.refused("23502"):
        db.run(ADD.format("timezone"), tenant, person, None)
