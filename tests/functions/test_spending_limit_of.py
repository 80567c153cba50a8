"""spending_limit_of: the limits that hold for a person."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID, uuid4

import pytest

from support.factories import Make, Row
from support.session import Session

if TYPE_CHECKING:
    from conftest import Acting

OF = "SELECT * FROM ticketing.spending_limit_of(%s, %s)"
NAMES = (
    "per_transaction_limit",
    "daily_limit",
    "weekly_limit",
    "monthly_limit",
    "window_mode",
    "timezone",
)
OWN: Row = dict(zip(NAMES, (1, 2, 3, 4, "calendar", "Europe/Berlin"), strict=True))
DEFAULT: Row = dict(zip(NAMES, (10, 20, 30, 40, "rolling", "UTC"), strict=True))


def test_a_row_of_ones_own_comes_before_the_tenants_default(
    db: Session, make: Make, tenant: UUID, as_tenant: Acting
) -> None:
    person = make.id("users", tenant)
    make.row("spending_limits", tenant, user_id=person, **OWN)
    make.row("spending_limits", tenant, user_id=None, **DEFAULT)
    with as_tenant(tenant):
        assert db.one(OF, person, "USD") == OWN
        assert db.one(OF, uuid4(), "USD") == DEFAULT
        assert db.one(OF, None, "USD") == DEFAULT


def test_without_either_it_is_what_the_table_gives_by_itself(
    db: Session, make: Make, tenant: UUID, as_tenant: Acting
) -> None:
    with as_tenant(tenant):
        built_in = db.one(OF, uuid4(), "USD")
    bare = make.row("spending_limits", tenant)
    assert built_in == {name: bare[name] for name in NAMES}


@pytest.mark.parametrize("mine", [True, False], ids=["own", "default"])
def test_another_currency_or_tenant_has_limits_of_its_own(
    db: Session, make: Make, tenant: UUID, *, other_tenant: UUID, as_tenant: Acting, mine: bool
) -> None:
    person = make.id("users", tenant)
    make.id("users", other_tenant, id=person)
    make.row("spending_limits", tenant, user_id=person if mine else None, **OWN)
    with as_tenant(tenant):
        assert db.one(OF, person, "USD") == OWN
        assert db.one(OF, person, "EUR")["monthly_limit"] == 2000000
    with as_tenant(other_tenant):
        assert db.one(OF, person, "USD")["monthly_limit"] == 2000000


def test_readers_may_ask_and_nobody_else(
    db: Session, tenant: UUID, as_readonly: Acting, as_nobody: Acting
) -> None:
    with as_readonly(tenant):
        assert db.one(OF, uuid4(), "USD")
    with as_nobody(tenant=tenant), db.refused("42501"):
        db.one(OF, uuid4(), "USD")
