"""outbox: rules of the table."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest

from support.factories import Make
from support.session import Session

Acting = Callable[..., AbstractContextManager[Session]]

NOW = datetime(2030, 6, 1, 18, tzinfo=UTC)
LEASE = {"locked_by": "relay-1", "locked_until": NOW}


@pytest.mark.parametrize(
    ("constraint", "given"),
    [
        ("chk_outbox_status", {"status": "lost"}),
        ("chk_outbox_attempts", {"attempts": -1}),
        ("chk_outbox_attempts", {"max_attempts": 0}),
        ("chk_outbox_processed", {"status": "processed"}),
        ("chk_outbox_processed", {"status": "pending", "processed_at": NOW}),
        ("chk_outbox_processed", {"status": "dead", "processed_at": NOW}),
        ("chk_outbox_lock", {"status": "processing"}),
        ("chk_outbox_lock", {"status": "processing", "locked_until": NOW}),
        ("chk_outbox_lock", {"status": "processing", "locked_by": "relay-1"}),
        ("chk_outbox_lock", {"status": "pending", "locked_by": "relay-1"}),
        ("chk_outbox_lock", {"status": "pending", **LEASE}),
        ("chk_outbox_lock", {"status": "processed", "processed_at": NOW, **LEASE}),
    ],
)
def test_a_broken_rule_is_refused(
    db: Session, make: Make, tenant: UUID, constraint: str, given: dict[str, Any]
) -> None:
    with db.refused("23514", constraint):
        make.row("outbox", tenant, **given)


@pytest.mark.parametrize(
    "given",
    [
        {"status": "pending"},
        {"status": "dead"},
        {"status": "processing", **LEASE},
        {"status": "processed", "processed_at": NOW},
        {"attempts": 0, "max_attempts": 1},
    ],
)
def test_the_last_allowed_value_is_accepted(
    make: Make, tenant: UUID, given: dict[str, Any]
) -> None:
    assert given.items() <= make.row("outbox", tenant, **given).items()


def test_a_service_adds_events_in_order(make: Make, tenant: UUID, as_tenant: Acting) -> None:
    with as_tenant(tenant):
        first, second = make.row("outbox", tenant), make.row("outbox", tenant)
    assert first["seq"] < second["seq"]


def test_nobody_chooses_their_place_in_the_order(
    db: Session, make: Make, tenant: UUID, as_tenant: Acting
) -> None:
    with as_tenant(tenant), db.refused("428C9"):
        make.row("outbox", tenant, seq=1)


def test_a_new_event_is_untried_and_due(make: Make, tenant: UUID) -> None:
    row = make.row("outbox", tenant)
    expected = {
        "status": "pending",
        "attempts": 0,
        "max_attempts": 10,
        "event_version": 1,
        "headers": {},
        "processed_at": None,
    }
    assert expected.items() <= row.items()
    assert row["next_attempt_at"] == row["created_at"]


@pytest.mark.parametrize(
    "statement",
    ["UPDATE ticketing.outbox SET status = 'dead'", "DELETE FROM ticketing.outbox"],
)
def test_a_service_cannot_take_an_event_back(
    db: Session, tenant: UUID, as_tenant: Acting, statement: str
) -> None:
    with as_tenant(tenant), db.refused("42501"):
        db.run(statement)


def test_a_reader_does_not_see_events(db: Session, tenant: UUID, as_readonly: Acting) -> None:
    with as_readonly(tenant), db.refused("42501"):
        db.all("SELECT id FROM ticketing.outbox")


@pytest.mark.parametrize(
    "column",
    [
        "tenant_id",
        "id",
        "seq",
        "aggregate_type",
        "aggregate_id",
        "event_type",
        "event_version",
        "payload",
        "headers",
        "created_at",
    ],
)
def test_the_relay_cannot_change(db: Session, as_worker: Acting, column: str) -> None:
    with as_worker(), db.refused("42501") as by:
        db.run(f"UPDATE ticketing.outbox SET {column} = DEFAULT")
    assert "permission denied" in str(by.error)


def test_the_relay_keeps_track_and_clears_up(
    db: Session, make: Make, tenant: UUID, as_worker: Acting
) -> None:
    columns = """
        status, attempts, max_attempts, next_attempt_at, locked_by, locked_until,
        last_attempt_at, last_error, processed_at
    """
    event = make.id("outbox", tenant)
    with as_worker():
        assert (
            db.run(
                f"UPDATE ticketing.outbox SET ({columns}) = ROW ({columns}) WHERE id = %s", event
            )
            == 1
        )
        assert db.run("DELETE FROM ticketing.outbox WHERE id = %s", event) == 1
