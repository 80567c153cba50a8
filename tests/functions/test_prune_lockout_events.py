"""prune_lockout_events: nobody is locked or unlocked by it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from uuid import UUID

import pytest

from support.factories import Make
from support.session import Session
from support.sweeps import DAY

if TYPE_CHECKING:
    from conftest import Acting

PRUNE = "SELECT ticketing.prune_lockout_events('90 days')"
KINDS = "SELECT event_type FROM ticketing.account_lockout_events ORDER BY seq"
LOCKED = "SELECT ticketing.locked_until('device-1', 'device')"


def event(
    make: Make, tenant: UUID | None, kind: str, age: timedelta, lasts: timedelta | None = None
) -> None:
    """Makes an event of that age, and a lock that lasts so long from then."""
    then = datetime.now(UTC) - age
    given = {"locked_until": then + lasts} if lasts else {}
    make.row(
        "account_lockout_events",
        make.tenant(),
        tenant_id=tenant,
        identifier="device-1",
        event_type=kind,
        created_at=then,
        **given,
    )


def kinds(db: Session) -> list[str]:
    return [row["event_type"] for row in db.all(KINDS)]


@pytest.mark.parametrize("whose", ["the-tenants", "the-platforms"])
def test_a_lock_in_force_stays_and_so_does_its_unlock(
    db: Session, make: Make, tenant: UUID, *, as_worker: Acting, as_tenant: Acting, whose: str
) -> None:
    owner = tenant if whose == "the-tenants" else None
    event(make, owner, "locked", 200 * DAY, 999 * DAY)
    with as_worker():
        assert db.value(PRUNE) == 0
    with as_tenant(tenant):
        assert db.value(LOCKED) is not None
    event(make, owner, "unlocked", 199 * DAY)
    with as_worker():
        assert db.value(PRUNE) == 0
    with as_tenant(tenant):
        assert db.value(LOCKED) is None
    assert kinds(db) == ["locked", "unlocked"]


@pytest.mark.parametrize("whose", ["the-tenants", "the-platforms"])
def test_a_lock_that_is_long_over_goes_with_what_was_around_it(
    db: Session, make: Make, tenant: UUID, *, as_worker: Acting, whose: str
) -> None:
    owner = tenant if whose == "the-tenants" else None
    event(make, owner, "failed_attempt", 201 * DAY)
    event(make, owner, "locked", 200 * DAY, DAY)
    event(make, owner, "unlocked", 200 * DAY)
    with as_worker():
        assert db.value(PRUNE) == 3


def test_a_lock_that_was_over_of_late_stays(
    db: Session, make: Make, tenant: UUID, as_worker: Acting
) -> None:
    event(make, tenant, "locked", 200 * DAY, 150 * DAY)
    with as_worker():
        assert db.value(PRUNE) == 0


@pytest.mark.parametrize("other", ["tenant", "platform", "identifier", "identifier_type"])
def test_the_lock_of_another_keeps_nothing(
    db: Session, make: Make, tenant: UUID, other_tenant: UUID, *, as_worker: Acting, other: str
) -> None:
    owners = {"tenant": other_tenant, "platform": None}
    event(make, owners.get(other, tenant), "locked", 200 * DAY, 999 * DAY)
    with db.connection.transaction():
        db.run("ALTER TABLE ticketing.account_lockout_events DISABLE TRIGGER USER")
        if other == "identifier":
            db.run("UPDATE ticketing.account_lockout_events SET identifier = 'device-2'")
        if other == "identifier_type":
            db.run("UPDATE ticketing.account_lockout_events SET identifier_type = 'ticket_code'")
        db.run("ALTER TABLE ticketing.account_lockout_events ENABLE TRIGGER USER")
    event(make, tenant, "unlocked", 199 * DAY)
    with as_worker():
        assert db.value(PRUNE) == 1
    assert kinds(db) == ["locked"]


@pytest.mark.parametrize("role", ["ticketing_app", "ticketing_worker", "ticketing_readonly"])
def test_the_log_is_as_append_only_as_before(
    db: Session, make: Make, tenant: UUID, role: str
) -> None:
    event(make, tenant, "unlocked", 200 * DAY)
    with db.acting(role, tenant=tenant), db.refused("42501"):
        db.run("DELETE FROM ticketing.account_lockout_events")
    with db.refused("TK003"):
        db.run("DELETE FROM ticketing.account_lockout_events")
