"""zone_inventory: rules of the table."""

from __future__ import annotations

from uuid import UUID, uuid4

import pytest

from support.factories import Make
from support.session import Session
from support.zones import zone

INSERT = """
    INSERT INTO ticketing.zone_inventory (tenant_id, zone_id, bucket, epoch, capacity)
    VALUES (%s, %s, %s, %s, 10)
"""


@pytest.mark.parametrize(
    ("constraint", "change"),
    [
        ("chk_zone_inventory_counters", "held_quantity = -1, confirmed_quantity = 1"),
        ("chk_zone_inventory_counters", "confirmed_quantity = -1, held_quantity = 1"),
        ("chk_zone_inventory_counters", "held_quantity = 11"),
        ("chk_zone_inventory_counters", "confirmed_quantity = 11"),
        ("chk_zone_inventory_counters", "held_quantity = 6, confirmed_quantity = 5"),
        ("chk_zone_inventory_counters", "capacity = -1"),
        ("chk_zone_inventory_bucket", "bucket = -1"),
        ("chk_zone_inventory_bucket", "bucket = 64"),
        ("chk_zone_inventory_epoch", "epoch = 0"),
        ("chk_zone_inventory_epoch", "updates = -1"),
    ],
)
def test_a_value_outside_the_rules_is_refused(
    db: Session, make: Make, tenant: UUID, constraint: str, change: str
) -> None:
    here = zone(make, tenant)["id"]
    with db.refused("23514", constraint):
        db.run(f"UPDATE ticketing.zone_inventory SET {change} WHERE zone_id = %s", here)


@pytest.mark.parametrize(
    ("change", "free"),
    [
        ("held_quantity = 10", 0),
        ("confirmed_quantity = 10", 0),
        ("held_quantity = 4, confirmed_quantity = 5", 1),
        ("capacity = 0", 0),
        ("bucket = 63", 10),
        ("epoch = 1, updates = 0", 10),
    ],
)
def test_what_is_free_follows_the_other_three(
    db: Session, make: Make, tenant: UUID, change: str, free: int
) -> None:
    here = zone(make, tenant)["id"]
    query = f"""
        UPDATE ticketing.zone_inventory SET {change} WHERE zone_id = %s
        RETURNING available_quantity
    """
    assert db.value(query, here) == free


def test_a_bucket_has_one_row_an_epoch(db: Session, make: Make, tenant: UUID) -> None:
    here = zone(make, tenant)["id"]
    with db.refused("23505", "pk_zone_inventory"):
        db.run(INSERT, tenant, here, 0, 1)
    db.run(INSERT, tenant, here, 1, 1)


def test_the_zone_must_be_one_of_the_tenant(
    db: Session, make: Make, tenant: UUID, other_tenant: UUID
) -> None:
    for here in (uuid4(), make.id("zones", other_tenant)):
        with db.refused("23503", "fk_zone_inventory_zone_id"):
            db.run(INSERT, tenant, here, 0, 1)


def test_the_counters_go_with_their_zone(db: Session, make: Make, tenant: UUID) -> None:
    here = zone(make, tenant, bucket_count=3)["id"]
    assert db.run("DELETE FROM ticketing.zones WHERE id = %s", here) == 1
    query = "SELECT count(*) FROM ticketing.zone_inventory WHERE zone_id = %s"
    assert db.value(query, here) == 0


@pytest.mark.parametrize("role", ["ticketing_app", "ticketing_worker", "ticketing_readonly"])
def test_nobody_writes_counters_by_hand(db: Session, make: Make, tenant: UUID, role: str) -> None:
    here = zone(make, tenant)["id"]
    with db.acting(role, tenant=tenant):
        for column in ("capacity", "held_quantity", "confirmed_quantity", "epoch", "updates"):
            with db.refused("42501"):
                db.run(f"UPDATE ticketing.zone_inventory SET {column} = {column}")
        with db.refused("42501"):
            db.run(INSERT, tenant, here, 1, 1)
        with db.refused("42501"):
            db.run("DELETE FROM ticketing.zone_inventory")
        with db.refused("42501"):
            db.all("SELECT FROM ticketing.zone_inventory FOR UPDATE")


def test_only_the_owner_reaches_the_counters_of_every_tenant(
    db: Session, make: Make, tenant: UUID, other_tenant: UUID
) -> None:
    zone(make, tenant)
    zone(make, other_tenant)
    with db.acting("ticketing_owner"):
        assert db.run("UPDATE ticketing.zone_inventory SET updates = 1") == 2
        assert db.run("DELETE FROM ticketing.zone_inventory") == 0
    for role in ("ticketing_app", "ticketing_worker", "ticketing_readonly"):
        with db.acting(role):
            assert db.value("SELECT count(*) FROM ticketing.zone_inventory") == 0
