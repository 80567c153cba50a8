"""zone_availability: what is free at this moment, by the clock."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

import pytest

from support.factories import Make, overdue
from support.session import Session
from support.zones import confirm, hold, zone

if TYPE_CHECKING:
    from conftest import Acting

READ = """
    SELECT capacity, held_quantity, overdue_quantity, confirmed_quantity, available_quantity
    FROM ticketing.zone_availability WHERE zone_id = %s
"""


@pytest.mark.parametrize("role", ["ticketing_app", "ticketing_worker", "ticketing_readonly"])
def test_overdue_holds_are_free_without_a_sweeper(
    db: Session, make: Make, tenant: UUID, as_tenant: Acting, role: str
) -> None:
    here = zone(make, tenant, 10)
    make.row("holds", tenant, zone_id=here["id"], quantity=3, **overdue())
    with as_tenant(tenant):
        hold(db, here, 2)
        confirm(db, hold(db, here, 1)["hold_id"])
    with db.acting(role, tenant=tenant):
        assert tuple(db.one(READ, here["id"]).values()) == (10, 2, 3, 1, 7)


def test_buckets_are_summed(db: Session, make: Make, tenant: UUID, as_tenant: Acting) -> None:
    here = zone(make, tenant, 80, bucket_count=4)
    with as_tenant(tenant):
        for _ in range(5):
            hold(db, here, 3)
        assert tuple(db.one(READ, here["id"]).values()) == (80, 15, 0, 0, 65)


def test_a_new_zone_is_free_and_others_do_not_show(
    db: Session, make: Make, tenant: UUID, other_tenant: UUID, as_tenant: Acting
) -> None:
    here, foreign = zone(make, tenant), zone(make, other_tenant)
    with as_tenant(tenant):
        assert tuple(db.one(READ, here["id"]).values()) == (10, 0, 0, 0, 10)
        assert db.all(READ, foreign["id"]) == []


def test_a_login_without_grants_may_not_read_it(
    db: Session, tenant: UUID, as_nobody: Acting
) -> None:
    with as_nobody(tenant=tenant), db.refused("42501"):
        db.all("SELECT * FROM ticketing.zone_availability")
