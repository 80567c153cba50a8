"""spread_zone_capacity: what is free is divided, but not into crumbs."""

from __future__ import annotations

from uuid import UUID

import pytest

from support.factories import Make
from support.session import Session
from support.zones import DRIFT, buckets, zone

SET = "UPDATE ticketing.zones SET capacity = %s WHERE id = %s"


@pytest.mark.parametrize(
    ("capacity", "count", "parts"),
    [
        (10, 1, [10]),
        (10, 4, [10, 0, 0, 0]),
        (39, 4, [39, 0, 0, 0]),
        (41, 4, [21, 20, 0, 0]),
        (80, 4, [20, 20, 20, 20]),
        (83, 4, [21, 21, 21, 20]),
        (1000, 4, [250, 250, 250, 250]),
        (2**31 - 1, 2, [2**30, 2**30 - 1]),
    ],
)
def test_a_new_zone_is_divided(
    db: Session, make: Make, tenant: UUID, *, capacity: int, count: int, parts: list[int]
) -> None:
    here = zone(make, tenant, capacity, bucket_count=count)
    assert [part for part, _, _ in buckets(db, here["id"])] == parts
    assert db.all(DRIFT) == []


@pytest.mark.parametrize(
    ("capacity", "parts"),
    [
        (80, [(35, 15, 0), (35, 10, 5), (10, 10, 0), (0, 0, 0)]),
        (41, [(16, 15, 0), (15, 10, 5), (10, 10, 0), (0, 0, 0)]),
        (120, [(35, 15, 0), (35, 10, 5), (30, 10, 0), (20, 0, 0)]),
        (40, [(15, 15, 0), (15, 10, 5), (10, 10, 0), (0, 0, 0)]),
    ],
)
def test_what_is_taken_stays_where_it_is(
    db: Session,
    make: Make,
    tenant: UUID,
    *,
    capacity: int,
    parts: list[tuple[int, int, int]],
) -> None:
    here = zone(make, tenant, 80, bucket_count=4)
    for bucket, quantity in ((0, 15), (1, 10), (2, 10)):
        make.row("holds", tenant, zone_id=here["id"], bucket_no=bucket, quantity=quantity)
    sold = make.id("holds", tenant, zone_id=here["id"], bucket_no=1, quantity=5)
    db.run(
        "UPDATE ticketing.holds SET status = 'confirmed', confirm_idempotency_key = 'key'"
        " WHERE id = %s",
        sold,
    )
    assert db.run(SET, capacity, here["id"]) == 1
    assert buckets(db, here["id"]) == parts
    assert db.all(DRIFT) == []


def test_less_than_is_taken_is_refused(db: Session, make: Make, tenant: UUID) -> None:
    here = zone(make, tenant, 80, bucket_count=4)
    make.row("holds", tenant, zone_id=here["id"], bucket_no=3, quantity=20)
    with db.refused("TK106"):
        db.run(SET, 19, here["id"])
    assert db.run(SET, 20, here["id"]) == 1


def test_another_change_of_the_zone_leaves_the_counters(
    db: Session, make: Make, tenant: UUID
) -> None:
    here = zone(make, tenant, 10)
    before = db.one("SELECT * FROM ticketing.zone_inventory WHERE zone_id = %s", here["id"])
    db.run("UPDATE ticketing.zones SET name = 'Pit' WHERE id = %s", here["id"])
    after = db.one("SELECT * FROM ticketing.zone_inventory WHERE zone_id = %s", here["id"])
    assert after == before


def test_only_the_zone_that_changed_is_touched(
    db: Session, make: Make, tenant: UUID, other_tenant: UUID
) -> None:
    here, others = zone(make, tenant), [zone(make, tenant), zone(make, other_tenant)]
    with db.acting("ticketing_app", tenant=tenant):
        db.run(SET, 33, here["id"])
    assert [buckets(db, other["id"]) for other in others] == [[(10, 0, 0)]] * 2
