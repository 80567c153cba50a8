"""move_zone_inventory: the only code that moves the counters of a zone."""

from __future__ import annotations

from uuid import UUID, uuid4

import pytest

from support.factories import Make, overdue
from support.session import Session
from support.zones import counters, zone

MOVE = "SELECT ticketing.move_zone_inventory(%s, %s, %s::smallint, %s, %s)"
EPOCH = "SELECT epoch, updates FROM ticketing.zone_inventory WHERE zone_id = %s"


@pytest.mark.parametrize(
    ("held", "confirmed", "after"),
    [
        (3, 0, (7, 2, 1)),
        (4, 0, (8, 2, 0)),
        (-4, 0, (0, 2, 8)),
        (-3, 3, (1, 5, 4)),
        (0, -2, (4, 0, 6)),
        (0, 0, (4, 2, 4)),
    ],
)
def test_it_adds_and_gives_back(
    db: Session, make: Make, tenant: UUID, *, held: int, confirmed: int, after: tuple[int, ...]
) -> None:
    here = zone(make, tenant, 10)["id"]
    db.all(MOVE, tenant, here, 0, 4, 2)
    db.all(MOVE, tenant, here, 0, held, confirmed)
    assert counters(db, here) == after


@pytest.mark.parametrize(
    ("code", "held", "confirmed"),
    [
        ("TK121", 5, 0),
        ("TK121", 3, 2),
        ("TK121", 2**40, 0),
        ("TK130", -5, 0),
        ("TK130", -5, 5),
        ("TK130", 0, -3),
    ],
)
def test_what_does_not_fit_is_refused(
    db: Session, make: Make, tenant: UUID, *, code: str, held: int, confirmed: int
) -> None:
    here = zone(make, tenant, 10)["id"]
    db.all(MOVE, tenant, here, 0, 4, 2)
    with db.refused(code):
        db.all(MOVE, tenant, here, 0, held, confirmed)
    assert counters(db, here) == (4, 2, 4)


def test_counters_that_are_not_there_are_drift(db: Session, make: Make, tenant: UUID) -> None:
    here = zone(make, tenant, 10)["id"]
    for place, bucket in ((here, 1), (uuid4(), 0)):
        with db.refused("TK130"):
            db.all(MOVE, tenant, place, bucket, 1, 0)


def test_after_five_hundred_moves_a_new_epoch_begins(db: Session, make: Make, tenant: UUID) -> None:
    here = zone(make, tenant, 10)["id"]
    db.run("UPDATE ticketing.zone_inventory SET updates = 498 WHERE zone_id = %s", here)
    seen = []
    for _ in range(3):
        db.all(MOVE, tenant, here, 0, 1, 0)
        seen.append(tuple(db.one(EPOCH, here).values()))
    assert seen == [(1, 499), (2, 0), (2, 1)]
    assert counters(db, here) == (3, 0, 7)


def test_overdue_holds_of_the_bucket_give_way_and_only_then(
    db: Session, make: Make, tenant: UUID
) -> None:
    here = zone(make, tenant, 60, bucket_count=2)["id"]
    mine = make.id("holds", tenant, zone_id=here, bucket_no=0, quantity=10, **overdue())
    other = make.id("holds", tenant, zone_id=here, bucket_no=1, quantity=10, **overdue())
    alive = make.id("holds", tenant, zone_id=here, bucket_no=0, quantity=5)
    elsewhere = make.id("holds", tenant, quantity=10, **overdue())
    db.all(MOVE, tenant, here, 0, 15, 0)
    query = "SELECT status FROM ticketing.holds WHERE id = %s"
    assert [db.value(query, row) for row in (mine, other, alive, elsewhere)] == ["active"] * 4
    db.all(MOVE, tenant, here, 0, 10, 0)
    assert [db.value(query, row) for row in (mine, other, alive, elsewhere)] == [
        "expired",
        *["active"] * 3,
    ]


@pytest.mark.parametrize("role", ["ticketing_app", "ticketing_worker", "ticketing_readonly"])
def test_nobody_calls_it(db: Session, make: Make, tenant: UUID, role: str) -> None:
    here = zone(make, tenant, 10)["id"]
    with db.acting(role, tenant=tenant), db.refused("42501"):
        db.all(MOVE, tenant, here, 0, 1, 0)
