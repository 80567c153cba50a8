"""create_zone: a zone with its counters."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

import psycopg
import pytest

from support.databases import Database
from support.factories import Make
from support.races import race
from support.session import Session
from support.zones import buckets

if TYPE_CHECKING:
    from conftest import Acting

CREATE = "SELECT ticketing.create_zone(%s, %s, %s, %s)"


@pytest.mark.parametrize("role", ["ticketing_app", "ticketing_worker"])
def test_a_zone_is_made_with_its_counters(db: Session, make: Make, tenant: UUID, role: str) -> None:
    event = make.id("events", tenant)
    with db.acting(role, tenant=tenant):
        made = db.value("SELECT ticketing.create_zone(%s, 'Floor', 50)", event)
        row = db.one("SELECT * FROM ticketing.zones WHERE id = %s", made)
    assert (row["event_id"], row["name"], row["capacity"], row["bucket_count"]) == (
        event,
        "Floor",
        50,
        1,
    )
    assert buckets(db, made) == [(50, 0, 0)]


@pytest.mark.parametrize(
    ("name", "capacity", "count"),
    [
        (None, 10, 1),
        ("", 10, 1),
        ("x" * 256, 10, 1),
        ("Floor", None, 1),
        ("Floor", 0, 1),
        ("Floor", -1, 1),
        ("Floor", 10, None),
        ("Floor", 10, 0),
        ("Floor", 10, 65),
    ],
)
def test_an_argument_out_of_range_is_refused(
    db: Session,
    make: Make,
    tenant: UUID,
    *,
    as_tenant: Acting,
    name: Any,
    capacity: Any,
    count: Any,
) -> None:
    event = make.id("events", tenant)
    with as_tenant(tenant), db.refused("TK001"):
        db.all(CREATE, event, name, capacity, count)


def test_a_missing_event_is_refused(db: Session, tenant: UUID, as_tenant: Acting) -> None:
    with as_tenant(tenant), db.refused("TK001"):
        db.all(CREATE, None, "Floor", 10, 1)


def test_arguments_at_the_edge_are_accepted(
    db: Session, make: Make, tenant: UUID, as_tenant: Acting
) -> None:
    event = make.id("events", tenant)
    with as_tenant(tenant):
        made = db.value(CREATE, event, "x" * 255, 1, 64)
    assert len(buckets(db, made)) == 64


def test_a_name_that_the_event_has_is_refused(
    db: Session, make: Make, tenant: UUID, as_tenant: Acting
) -> None:
    event, other = make.id("events", tenant), make.id("events", tenant)
    with as_tenant(tenant):
        db.all(CREATE, event, "Floor", 10, 1)
        db.all(CREATE, other, "Floor", 10, 1)
        with db.refused("TK129"):
            db.all(CREATE, event, "Floor", 10, 1)


def test_an_event_of_another_tenant_is_as_absent_as_an_unknown_one(
    db: Session, make: Make, tenant: UUID, other_tenant: UUID, as_tenant: Acting
) -> None:
    for event in (uuid4(), make.id("events", other_tenant)):
        with as_tenant(tenant), db.refused("23503", "fk_zones_event_id"):
            db.all(CREATE, event, "Floor", 10, 1)


def test_who_may_call(
    db: Session, make: Make, tenant: UUID, *, as_readonly: Acting, as_worker: Acting
) -> None:
    event = make.id("events", tenant)
    with as_readonly(tenant), db.refused("42501"):
        db.all(CREATE, event, "Floor", 10, 1)
    with as_worker(), db.refused("TK701"):
        db.all(CREATE, event, "Floor", 10, 1)


def test_callers_that_meet_make_one_zone(clone: Database) -> None:
    with psycopg.connect(clone.superuser_url) as connection:
        make = Make(Session(connection))
        tenant = make.tenant()
        event = make.id("events", tenant)

    def act(connection: psycopg.Connection, number: int) -> str:
        Session(connection).all(CREATE, event, "Floor", 10, 4)
        return "made"

    results = race(clone, "ts_test_app", 12, act, tenant=tenant)
    got = Counter(r.sqlstate if isinstance(r, psycopg.Error) else r for r in results)
    assert got == {"made": 1, "TK129": 11}
