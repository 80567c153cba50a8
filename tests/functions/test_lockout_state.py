"""lockout_state: what counts, and what is locked."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from support.factories import Make
from support.session import Session

STATE = "SELECT * FROM ticketing.lockout_state(%s, 'd', 'device', %s::interval)"


class Past:
    """Puts events of one identifier into the past, so many minutes ago."""

    def __init__(self, db: Session, make: Make, tenant: UUID) -> None:
        self.db, self.make, self.tenant = db, make, tenant
        self.now: datetime = db.value("SELECT clock_timestamp()")

    def event(self, kind: str, minutes: float, **given: Any) -> None:
        values = {"tenant_id": self.tenant, "identifier": "d", "event_type": kind, **given}
        created = self.now - timedelta(minutes=minutes)
        self.make.row("account_lockout_events", self.tenant, created_at=created, **values)

    def lock(self, minutes: float, lasts: float = 15, **given: Any) -> None:
        until = self.now - timedelta(minutes=minutes - lasts)
        self.event("locked", minutes, locked_until=until, failed_attempt_count=5, **given)

    def state(self, tenant: UUID | None = None, window: str = "1 hour") -> tuple[int, Any]:
        with self.db.acting("ticketing_owner"):
            count, until = self.db.one(STATE, tenant or self.tenant, window).values()
        return count, until


@pytest.fixture
def past(db: Session, make: Make, tenant: UUID) -> Past:
    return Past(db, make, tenant)


def test_an_identifier_without_events_is_free(past: Past) -> None:
    assert past.state() == (0, None)


def test_attempts_inside_the_window_count(past: Past) -> None:
    for minutes in (0, 30, 59.9, 60.1, 90):
        past.event("failed_attempt", minutes)
    assert past.state() == (3, None)
    assert past.state(window="2 hours") == (5, None)
    assert past.state(window="0 seconds") == (0, None)


def test_attempts_before_an_unlock_do_not(past: Past) -> None:
    past.event("failed_attempt", 20)
    past.event("unlocked", 10)
    past.event("failed_attempt", 5)
    assert past.state() == (1, None)


def test_a_lock_holds_until_its_end(past: Past) -> None:
    past.event("failed_attempt", 10)
    past.lock(10)
    assert past.state() == (5, past.now + timedelta(minutes=5))


def test_attempts_before_the_end_of_a_lock_do_not_count(past: Past) -> None:
    past.event("failed_attempt", 30)
    past.lock(30)
    past.event("failed_attempt", 20)
    past.event("failed_attempt", 14.9)
    assert past.state() == (1, None)


def test_an_unlock_ends_a_lock(past: Past) -> None:
    past.lock(10)
    past.event("unlocked", 5)
    past.event("failed_attempt", 4)
    assert past.state() == (1, None)


def test_the_latest_by_number_decides_and_not_by_time(past: Past) -> None:
    past.event("unlocked", 5)
    past.lock(5)
    assert past.state()[1] == past.now + timedelta(minutes=10)


def test_other_identifiers_and_types_do_not_count(past: Past) -> None:
    past.event("failed_attempt", 1, identifier="e")
    past.event("failed_attempt", 1, identifier_type="user_id")
    past.lock(1, identifier="e")
    past.lock(1, identifier_type="user_id")
    assert past.state() == (0, None)


def test_each_tenant_and_the_platform_stand_by_themselves(
    past: Past, db: Session, other_tenant: UUID
) -> None:
    past.event("failed_attempt", 1)
    past.event("failed_attempt", 1, tenant_id=other_tenant)
    past.lock(1, tenant_id=other_tenant)
    past.event("failed_attempt", 1, tenant_id=None)
    past.event("failed_attempt", 1, tenant_id=None)
    assert past.state() == (1, None)
    assert past.state(other_tenant)[0] == 5
    with db.acting("ticketing_owner"):
        assert tuple(db.one(STATE, None, "1 hour").values()) == (2, None)
    past.lock(0.5, tenant_id=None)
    with db.acting("ticketing_owner"):
        assert db.one(STATE, None, "1 hour")["failed_attempt_count"] == 5
    past.event("unlocked", 0.4, tenant_id=None)
    with db.acting("ticketing_owner"):
        assert tuple(db.one(STATE, None, "1 hour").values()) == (0, None)
    assert past.state() == (1, None)


@pytest.mark.parametrize("platform", [True, False])
def test_a_long_history_of_others_is_not_walked(
    past: Past, db: Session, other_tenant: UUID, platform: bool
) -> None:
    where = None if platform else past.tenant
    db.run(
        """
        INSERT INTO ticketing.account_lockout_events (
            tenant_id, identifier, identifier_type, event_type, locked_until, created_at
        )
        SELECT
            t.id, 'd', 'device', k.event,
            CASE k.event WHEN 'locked' THEN now() - make_interval(secs => n - 1) END,
            now() - make_interval(hours => 2, secs => n)
        FROM
            generate_series(1, 2000) AS n,
            (VALUES ('failed_attempt'), ('locked')) AS k (event),
            (VALUES (%s::uuid), (%s::uuid)) AS t (id)
        ORDER BY n DESC
        """,
        *(other_tenant, where),
    )
    past.lock(120, tenant_id=where)
    db.run("ANALYZE ticketing.account_lockout_events")
    read = """
        SELECT coalesce(idx_tup_fetch, 0) + seq_tup_read FROM pg_stat_xact_user_tables
        WHERE relid = 'ticketing.account_lockout_events'::regclass
    """
    before = db.value(read)
    with db.acting("ticketing_owner"):
        assert tuple(db.one(STATE, where, "1 hour").values()) == (0, None)
    assert db.value(read) - before < 20


@pytest.mark.parametrize("role", ["ticketing_app", "ticketing_worker", "ticketing_readonly"])
def test_only_the_lockout_functions_call_it(db: Session, tenant: UUID, role: str) -> None:
    with db.acting(role, tenant=tenant), db.refused("42501"):
        db.one(STATE, tenant, "1 hour")
