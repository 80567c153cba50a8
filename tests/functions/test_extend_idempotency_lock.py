"""extend_idempotency_lock: long work keeps its request."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

import psycopg
import pytest

from support.databases import Database
from support.factories import Make
from support.races import race
from support.requests import acquire, bring, extend, pass_time, row
from support.session import Session

if TYPE_CHECKING:
    from conftest import Acting

DAY = timedelta(days=1)
SECOND = timedelta(seconds=1)


def left(db: Session, key_id: UUID) -> timedelta:
    """Returns how long the lease has to go, and hardly more than that."""
    answer: timedelta = db.value(
        "SELECT lock_expires_at - clock_timestamp() FROM ticketing.idempotency_keys WHERE id = %s",
        key_id,
    )
    return answer


def test_the_lease_runs_from_now_and_nothing_else_changes(
    db: Session, tenant: UUID, as_tenant: Acting
) -> None:
    with as_tenant(tenant):
        held = acquire(db, tenant)
    pass_time(db, "4 minutes")
    before = row(db, held["key_id"])
    with as_tenant(tenant):
        assert extend(db, held) is True
    after = row(db, held["key_id"])
    changed = {name for name in after if after[name] != before[name]}
    assert changed == {"lock_expires_at", "expires_at", "updated_at"}
    assert timedelta(minutes=5) - 5 * SECOND < left(db, held["key_id"]) <= timedelta(minutes=5)
    assert after["expires_at"] - after["lock_expires_at"] == DAY - timedelta(minutes=5)


@pytest.mark.parametrize("duration", ["1 second", "299 seconds"])
def test_a_lease_is_never_shortened(
    db: Session, tenant: UUID, as_tenant: Acting, duration: str
) -> None:
    with as_tenant(tenant):
        held = acquire(db, tenant)
        before = row(db, held["key_id"])["lock_expires_at"]
        assert extend(db, held, lock_duration=duration) is True
    assert row(db, held["key_id"])["lock_expires_at"] == before


def test_a_long_time_to_live_is_not_shortened(db: Session, tenant: UUID, as_tenant: Acting) -> None:
    with as_tenant(tenant):
        held = acquire(db, tenant, time_to_live="30 days")
        before = row(db, held["key_id"])["expires_at"]
        assert extend(db, held, lock_duration="1 hour") is True
    assert row(db, held["key_id"])["expires_at"] == before


@pytest.mark.parametrize("state", ["over", "expired-over"])
def test_a_lease_that_ran_out_is_taken_up_again_if_nobody_took_over(
    db: Session, tenant: UUID, as_tenant: Acting, state: str
) -> None:
    held = bring(db, tenant, state)
    assert held is not None
    with as_tenant(tenant):
        assert extend(db, held) is True
        assert acquire(db, tenant)["outcome"] == "in_progress"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("lock_duration", None),
        ("lock_duration", "999 milliseconds"),
        ("lock_duration", "0"),
        ("lock_duration", "-1 hour"),
        ("lock_duration", "3600.001 seconds"),
    ],
)
def test_an_argument_out_of_range_is_refused(
    db: Session, tenant: UUID, as_tenant: Acting, name: str, value: Any
) -> None:
    with as_tenant(tenant):
        held = acquire(db, tenant)
        before = row(db, held["key_id"])
        with db.refused("TK001") as by:
            extend(db, held, **{name: value})
        assert row(db, held["key_id"]) == before
    assert f"p_{name} is" in str(by.error)


@pytest.mark.parametrize("duration", ["1 second", "1 hour"])
def test_a_duration_at_the_edge_is_accepted(
    db: Session, tenant: UUID, as_tenant: Acting, duration: str
) -> None:
    held = bring(db, tenant, "over")
    assert held is not None
    with as_tenant(tenant):
        assert extend(db, held, lock_duration=duration) is True
    assert left(db, held["key_id"]) > timedelta(0)


def test_of_a_late_holder_and_one_that_takes_over_one_goes_on(clone: Database) -> None:
    with psycopg.connect(clone.superuser_url) as connection:
        session = Session(connection)
        tenant = Make(session).tenant()
        held = bring(session, tenant, "over")
    assert held is not None

    def act(connection: psycopg.Connection, number: int) -> str:
        own = Session(connection)
        if number:
            return str(acquire(own, tenant)["outcome"])
        return "extended" if extend(own, held) else "overtaken"

    results = race(clone, "ts_test_app", 6, act, tenant=tenant)

    assert (results[0], results.count("acquired")) in (("extended", 0), ("overtaken", 1))
