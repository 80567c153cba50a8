"""events: rules of the table."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from support.factories import Make
from support.session import Session

Acting = Callable[..., AbstractContextManager[Session]]

DOORS = datetime(2030, 6, 1, 18, tzinfo=UTC)
TICK = timedelta(microseconds=1)


@pytest.mark.parametrize(
    ("constraint", "given"),
    [
        ("chk_events_dates", {"starts_at": DOORS, "ends_at": DOORS - TICK}),
        ("chk_events_status", {"status": "open"}),
        ("chk_events_window", {"check_in_opens_before": -TICK}),
        ("chk_events_window", {"check_in_closes_after": -TICK}),
        ("chk_events_transfer_deadline", {"transfer_deadline_hours": -1}),
    ],
)
def test_a_broken_rule_is_refused(
    db: Session, make: Make, tenant: UUID, constraint: str, given: dict[str, Any]
) -> None:
    with db.refused("23514", constraint):
        make.row("events", tenant, **given)


@pytest.mark.parametrize(
    "given",
    [
        {"starts_at": DOORS, "ends_at": DOORS},
        *({"status": status} for status in ("draft", "published", "postponed")),
        *({"status": status} for status in ("cancelled", "completed")),
        {"check_in_opens_before": timedelta(0), "check_in_closes_after": timedelta(0)},
        {"transfer_deadline_hours": 0},
        {"transfer_deadline_hours": None},
    ],
)
def test_the_last_allowed_value_is_accepted(
    make: Make, tenant: UUID, given: dict[str, Any]
) -> None:
    assert given.items() <= make.row("events", tenant, **given).items()


def test_the_venue_may_not_be_of_another_tenant(
    db: Session, make: Make, tenant: UUID, other_tenant: UUID
) -> None:
    stranger = make.id("venues", other_tenant)
    with db.refused("23503", "fk_events_venue_id"):
        make.row("events", tenant, venue_id=stranger)


def test_the_venue_must_exist(db: Session, make: Make, tenant: UUID) -> None:
    with db.refused("23503", "fk_events_venue_id"):
        make.row("events", tenant, venue_id=uuid4())


def test_a_new_event_opens_four_hours_before_and_closes_two_hours_after(
    make: Make, tenant: UUID
) -> None:
    row = make.row("events", tenant)
    assert row["check_in_opens_before"] == timedelta(hours=4)
    assert row["check_in_closes_after"] == timedelta(hours=2)


def test_a_new_event_is_published_without_venue_or_deadline(make: Make, tenant: UUID) -> None:
    row = make.row("events", tenant)
    assert (row["status"], row["timezone"], row["version"]) == ("published", "UTC", 1)
    assert (row["venue_id"], row["transfer_deadline_hours"]) == (None, None)


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO ticketing.events (tenant_id, name, starts_at, ends_at)"
        " VALUES (ticketing.current_tenant_id(), 'Mine', now(), now())",
        "UPDATE ticketing.events SET status = 'cancelled'",
        "DELETE FROM ticketing.events",
    ],
)
def test_a_service_cannot_write(
    db: Session, tenant: UUID, as_tenant: Acting, statement: str
) -> None:
    with as_tenant(tenant), db.refused("42501") as by:
        db.run(statement)
    assert "permission denied" in str(by.error)


def test_the_worker_copies_what_the_owner_sends(
    db: Session, tenant: UUID, as_worker: Acting
) -> None:
    with as_worker():
        db.run(
            "INSERT INTO ticketing.events (tenant_id, name, starts_at, ends_at) "
            "VALUES (%s, 'Concert', now(), now())",
            tenant,
        )
        changed = db.run(
            "UPDATE ticketing.events SET venue_id = NULL, name = 'Opera', starts_at = now(), "
            "ends_at = now(), timezone = 'UTC', status = 'draft', check_in_opens_before = '0', "
            "check_in_closes_after = '0', transfer_deadline_hours = 2, version = 2 "
            "WHERE tenant_id = %s",
            tenant,
        )
    assert changed == 1


@pytest.mark.parametrize("column", ["tenant_id", "id", "created_at", "updated_at"])
def test_the_worker_cannot_change(db: Session, as_worker: Acting, column: str) -> None:
    with as_worker(), db.refused("42501") as by:
        db.run(f"UPDATE ticketing.events SET {column} = DEFAULT")
    assert "permission denied" in str(by.error)


def test_the_worker_cannot_delete(db: Session, as_worker: Acting) -> None:
    with as_worker(), db.refused("42501"):
        db.run("DELETE FROM ticketing.events")
