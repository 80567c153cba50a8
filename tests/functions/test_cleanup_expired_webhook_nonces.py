"""cleanup_expired_webhook_nonces: nonces that protect nothing any more."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from uuid import UUID

import psycopg
import pytest

from support.databases import Database
from support.factories import Make
from support.races import race
from support.session import Session

if TYPE_CHECKING:
    from conftest import Acting

CLEAN = "SELECT ticketing.cleanup_expired_webhook_nonces(%s)"
LEFT = "SELECT nonce FROM ticketing.webhook_nonces ORDER BY nonce"


def nonce(make: Make, tenant: UUID | None, name: str, ago: timedelta) -> None:
    """Makes a nonce that expired so long ago."""
    expired = datetime.now(UTC) - ago
    make.row(
        "webhook_nonces",
        make.tenant(),
        tenant_id=tenant,
        nonce=name,
        received_at=expired - timedelta(minutes=15),
        expires_at=expired,
    )


def left(db: Session) -> list[str]:
    return [row["nonce"] for row in db.all(LEFT)]


@pytest.mark.parametrize("context", ["none", "of-another-tenant"])
def test_expired_ones_of_every_tenant_and_of_none_go(
    db: Session, make: Make, tenant: UUID, *, as_worker: Acting, context: str
) -> None:
    minute = timedelta(minutes=1)
    nonce(make, tenant, "mine", minute)
    nonce(make, None, "nobodys", minute)
    nonce(make, tenant, "alive", -minute)
    with as_worker(tenant=None if context == "none" else make.tenant()):
        assert db.value(CLEAN, 1000) == 2
        assert db.value(CLEAN, 1000) == 0
    assert left(db) == ["alive"]


def test_the_clock_decides_not_the_start_of_the_transaction(
    db: Session, make: Make, as_worker: Acting
) -> None:
    nonce(make, None, "n", timedelta(milliseconds=-200))
    with as_worker():
        assert db.value(CLEAN, 1000) == 0
        db.all("SELECT pg_sleep(0.25)")
        assert db.value(CLEAN, 1000) == 1


def test_a_batch_takes_the_oldest_first(db: Session, make: Make, as_worker: Acting) -> None:
    for minutes in (1, 3, 2):
        nonce(make, None, str(minutes), timedelta(minutes=minutes))
    with as_worker():
        assert db.value(CLEAN, 2) == 2
    assert left(db) == ["1"]


@pytest.mark.parametrize("size", [None, 0, 10_001])
def test_a_size_out_of_range_is_refused(db: Session, as_worker: Acting, size: int | None) -> None:
    with as_worker(), db.refused("TK001"):
        db.value(CLEAN, size)


@pytest.mark.parametrize("role", ["ticketing_app", "ticketing_readonly", "ts_test_nobody"])
def test_it_is_for_background_jobs_alone(db: Session, role: str) -> None:
    with db.acting(role), db.refused("42501"):
        db.value(CLEAN, 1)


def test_jobs_that_meet_delete_each_once(clone: Database) -> None:
    with psycopg.connect(clone.superuser_url) as connection:
        make = Make(Session(connection))
        for number in range(30):
            nonce(make, None, str(number), timedelta(minutes=1))

    def act(connection: psycopg.Connection, _: int) -> int:
        return int(Session(connection).value(CLEAN, 10))

    deleted = 0
    for _ in range(8):
        results = race(clone, "ts_test_worker", 4, act)
        assert [r for r in results if isinstance(r, psycopg.Error)] == []
        deleted += sum(r for r in results if isinstance(r, int))
    assert deleted == 30
