"""add_failed_attempt: one attempt of one identifier, and the lock that it brings."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from support.factories import Make
from support.session import Session

ADD = """
    SELECT * FROM ticketing.add_failed_attempt(
        %s, 'd', 'device', %s, %s::interval, %s::interval, '192.0.2.1', %s, 'wrong password'
    )
"""
EVENTS = "SELECT * FROM ticketing.account_lockout_events WHERE identifier = 'd' ORDER BY seq"


def add(
    db: Session,
    tenant: UUID | None,
    most: int = 3,
    window: str = "1 hour",
    lasts: str = "15 minutes",
    agent: str | None = "curl",
) -> tuple[int, Any]:
    with db.acting("ticketing_owner"):
        count, until = db.one(ADD, tenant, most, window, lasts, agent).values()
    return count, until


def test_an_attempt_is_kept_with_what_is_known_of_it(db: Session, tenant: UUID) -> None:
    assert add(db, tenant) == (1, None)
    expected = {
        "tenant_id": tenant,
        "identifier_type": "device",
        "event_type": "failed_attempt",
        "failed_attempt_count": 1,
        "reason": "wrong password",
        "locked_until": None,
        "locked_by": None,
        "unlocked_by": None,
        "user_agent": "curl",
    }
    row = db.one(EVENTS)
    assert expected.items() <= row.items()
    assert str(row["ip_address"]) == "192.0.2.1"


def test_the_threshold_locks_and_not_one_before(db: Session, tenant: UUID) -> None:
    assert [add(db, tenant)[1] for _ in range(2)] == [None, None]
    count, until = add(db, tenant)
    (*attempts, lock) = db.all(EVENTS)
    assert [row["failed_attempt_count"] for row in attempts] == [1, 2, 3]
    assert count == lock["failed_attempt_count"] == 3
    assert until == lock["locked_until"] == lock["created_at"] + timedelta(minutes=15)
    expected = {"event_type": "locked", "locked_by": "system", "reason": "3 failed attempts"}
    assert expected.items() <= lock.items()


def test_an_attempt_during_a_lock_is_kept_and_changes_nothing(db: Session, tenant: UUID) -> None:
    (_, _, locked) = [add(db, tenant) for _ in range(3)]
    assert add(db, tenant) == locked
    assert add(db, tenant, most=1) == locked
    kinds = [row["event_type"] for row in db.all(EVENTS)]
    assert kinds == [*["failed_attempt"] * 3, "locked", *["failed_attempt"] * 2]


def test_a_lock_that_is_over_leaves_a_clean_slate(db: Session, make: Make, tenant: UUID) -> None:
    now: datetime = db.value("SELECT clock_timestamp()")
    past = {"identifier": "d", "created_at": now - timedelta(minutes=20)}
    for _ in range(3):
        make.row("account_lockout_events", tenant, **past)
    until = now - timedelta(seconds=1)
    make.row("account_lockout_events", tenant, event_type="locked", locked_until=until, **past)
    assert add(db, tenant) == (1, None)
    assert add(db, tenant) == (2, None)
    assert add(db, tenant)[1] > now


def test_the_window_is_the_callers(db: Session, make: Make, tenant: UUID) -> None:
    now: datetime = db.value("SELECT clock_timestamp()")
    for minutes in (50, 70):
        created = now - timedelta(minutes=minutes)
        make.row("account_lockout_events", tenant, identifier="d", created_at=created)
    assert add(db, tenant) == (2, None)
    assert add(db, tenant, most=100, window="2 hours") == (4, None)


def test_a_threshold_that_has_been_passed_locks_too(db: Session, tenant: UUID) -> None:
    for _ in range(4):
        add(db, tenant, most=100)
    assert add(db, tenant, most=2, lasts="1 second")[1] is not None


def test_a_long_user_agent_is_cut(db: Session, tenant: UUID) -> None:
    add(db, tenant, most=1, agent="a" * 600)
    assert [len(row["user_agent"]) for row in db.all(EVENTS)] == [512, 512]
    add(db, tenant, agent=None)
    assert db.all(EVENTS)[-1]["user_agent"] is None


def test_each_tenant_and_the_platform_count_for_themselves(
    db: Session, tenant: UUID, other_tenant: UUID
) -> None:
    assert [add(db, tenant, most=2)[0] for _ in range(2)] == [1, 2]
    assert add(db, other_tenant, most=2) == (1, None)
    assert add(db, None, most=2) == (1, None)


@pytest.mark.parametrize("role", ["ticketing_app", "ticketing_worker", "ticketing_readonly"])
def test_only_record_failed_attempt_calls_it(db: Session, tenant: UUID, role: str) -> None:
    with db.acting(role, tenant=tenant), db.refused("42501"):
        db.one(ADD, tenant, 1, "1 hour", "1 hour", None)
