"""zones: rules of the table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

import pytest

from support.factories import Make
from support.session import Session

if TYPE_CHECKING:
    from conftest import Acting


@pytest.mark.parametrize(
    ("constraint", "given"),
    [
        ("chk_zones_name", {"name": ""}),
        ("chk_zones_name", {"name": "x" * 256}),
        ("chk_zones_capacity_positive", {"capacity": 0}),
        ("chk_zones_capacity_positive", {"capacity": -1}),
        ("chk_zones_buckets", {"bucket_count": 0}),
        ("chk_zones_buckets", {"bucket_count": 65}),
    ],
)
def test_a_value_outside_the_rules_is_refused(
    db: Session, make: Make, tenant: UUID, constraint: str, given: dict[str, Any]
) -> None:
    with db.refused("23514", constraint):
        make.row("zones", tenant, **given)


@pytest.mark.parametrize(
    "given",
    [
        {"name": "x"},
        {"name": "x" * 255},
        {"capacity": 1},
        {"capacity": 2**31 - 1},
        {"bucket_count": 1},
        {"bucket_count": 64},
    ],
)
def test_a_value_at_the_edge_of_the_rules_is_accepted(
    make: Make, tenant: UUID, given: dict[str, Any]
) -> None:
    assert make.row("zones", tenant, **given)["version"] == 1


@pytest.mark.parametrize("column", ["event_id", "name", "capacity", "bucket_count"])
def test_a_missing_value_is_refused(db: Session, make: Make, tenant: UUID, column: str) -> None:
    with db.refused("23502"):
        make.row("zones", tenant, **{column: None})


def test_a_name_means_one_zone_of_an_event(db: Session, make: Make, tenant: UUID) -> None:
    event = make.id("events", tenant)
    make.row("zones", tenant, event_id=event, name="Floor")
    make.row("zones", tenant, event_id=event, name="floor")
    make.row("zones", tenant, name="Floor")
    with db.refused("23505", "uq_zones_event_name"):
        make.row("zones", tenant, event_id=event, name="Floor")


def test_zone_and_event_are_one_pair(db: Session, make: Make, tenant: UUID) -> None:
    made = make.row("zones", tenant)
    # The primary key refuses the copy first.
    db.run("ALTER TABLE ticketing.zone_inventory DROP CONSTRAINT fk_zone_inventory_zone_id")
    db.run("ALTER TABLE ticketing.zones DROP CONSTRAINT pk_zones")
    with db.refused("23505", "uq_zones_event_id"):
        make.row("zones", tenant, id=made["id"], event_id=made["event_id"])


def test_the_event_must_be_one_of_the_tenant(
    db: Session, make: Make, tenant: UUID, other_tenant: UUID
) -> None:
    for event in (uuid4(), make.id("events", other_tenant)):
        with db.refused("23503", "fk_zones_event_id"):
            make.row("zones", tenant, event_id=event)


@pytest.mark.parametrize("role", ["ticketing_app", "ticketing_worker"])
@pytest.mark.parametrize("column", ["event_id", "bucket_count", "version", "updated_at"])
def test_a_service_cannot_write_what_is_fixed(
    db: Session, make: Make, tenant: UUID, role: str, column: str
) -> None:
    make.row("zones", tenant)
    with db.acting(role, tenant=tenant), db.refused("42501"):
        db.run(f"UPDATE ticketing.zones SET {column} = {column}")


@pytest.mark.parametrize("role", ["ticketing_app", "ticketing_worker"])
def test_a_service_renames_and_resizes_but_does_not_delete(
    db: Session, make: Make, tenant: UUID, role: str
) -> None:
    made = make.id("zones", tenant)
    with db.acting(role, tenant=tenant):
        assert db.run("UPDATE ticketing.zones SET name = 'Pit', capacity = 7") == 1
        with db.refused("42501"):
            db.run("DELETE FROM ticketing.zones WHERE id = %s", made)


def test_a_reader_writes_nothing(make: Make, tenant: UUID, as_readonly: Acting) -> None:
    make.row("zones", tenant)
    with as_readonly(tenant) as reader, reader.refused("42501"):
        reader.run("UPDATE ticketing.zones SET capacity = 7")
