"""largest_zone_hold: the look before a hold."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID, uuid4

import pytest

from support.factories import Make, overdue
from support.session import Session
from support.zones import hold, zone

if TYPE_CHECKING:
    from conftest import Acting

ASK = "SELECT ticketing.largest_zone_hold(%s)"


@pytest.mark.parametrize("role", ["ticketing_app", "ticketing_worker", "ticketing_readonly"])
def test_it_is_what_is_free_with_overdue_holds_counted_as_given_back(
    db: Session, make: Make, tenant: UUID, role: str
) -> None:
    here = zone(make, tenant, 10)
    make.row("holds", tenant, zone_id=here["id"], quantity=2)
    make.row("holds", tenant, zone_id=here["id"], quantity=1, **overdue())
    make.row("holds", tenant, zone_id=here["id"], quantity=3, **overdue())
    with db.acting(role, tenant=tenant):
        assert db.value(ASK, here["id"]) == 8


def test_in_buckets_it_is_the_roomiest_one(
    db: Session, make: Make, tenant: UUID, as_tenant: Acting
) -> None:
    here = zone(make, tenant, 60, bucket_count=3)
    for bucket, quantity in ((0, 5), (1, 10), (2, 20)):
        make.row("holds", tenant, zone_id=here["id"], bucket_no=bucket, quantity=quantity)
    with as_tenant(tenant):
        assert db.value(ASK, here["id"]) == 15
        hold(db, here, 15)
        assert db.value(ASK, here["id"]) == 10
    make.session.run(
        "UPDATE ticketing.holds SET expires_at = clock_timestamp() WHERE bucket_no = 2"
    )
    with as_tenant(tenant):
        assert db.value(ASK, here["id"]) == 20


def test_what_it_says_can_be_held_and_one_more_cannot(
    db: Session, make: Make, tenant: UUID, as_tenant: Acting
) -> None:
    here = zone(make, tenant, 10)
    make.row("holds", tenant, zone_id=here["id"], quantity=4, **overdue())
    with as_tenant(tenant):
        most = db.value(ASK, here["id"])
        with db.refused("TK121"):
            hold(db, here, most + 1)
        hold(db, here, most)
        assert db.value(ASK, here["id"]) == 0


def test_an_unknown_zone_has_none(
    db: Session, make: Make, tenant: UUID, other_tenant: UUID, as_tenant: Acting
) -> None:
    here, foreign = zone(make, tenant), zone(make, other_tenant)
    with as_tenant(tenant):
        for absent in (None, uuid4(), foreign["id"]):
            assert db.value(ASK, absent) is None
    with db.acting("ticketing_app"):
        assert db.value(ASK, here["id"]) is None
