"""consume_webhook_nonce: a webhook counts once, and only while it is fresh."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

import psycopg
import pytest

from support.databases import Database
from support.factories import Make
from support.races import in_turn, race
from support.session import Session

if TYPE_CHECKING:
    from conftest import Acting

CONSUME = "SELECT ticketing.consume_webhook_nonce('stripe', %s, clock_timestamp() + %s::interval)"
AT = "SELECT ticketing.consume_webhook_nonce(%s, %s, %s)"
ROWS = "SELECT * FROM ticketing.webhook_nonces"
TOLERANCE = timedelta(minutes=5)
SLACK = timedelta(seconds=2)


def test_the_first_delivery_counts_and_a_replay_does_not(db: Session, as_worker: Acting) -> None:
    with as_worker():
        assert [db.value(CONSUME, "n", "0") for _ in range(3)] == [True, False, False]
        assert db.value(CONSUME, "m", "0")
        assert db.value(AT, "paypal", "n", db.value("SELECT clock_timestamp()"))
    assert len(db.all(ROWS)) == 3


def test_it_notes_who_sent_it_when_and_for_how_long_it_counts(
    db: Session, tenant: UUID, as_worker: Acting
) -> None:
    query = "SELECT ticketing.consume_webhook_nonce('stripe', 'n', %s, %s)"
    with as_worker(tenant=tenant):
        sent = db.value("SELECT clock_timestamp() - interval '1 minute'")
        assert db.value(query, sent, "ab")
    row = db.one(ROWS)
    assert (row["tenant_id"], row["sent_at"], row["payload_hash"]) == (tenant, sent, "ab")
    assert row["expires_at"] - row["received_at"] == timedelta(minutes=15)
    # Sent five minutes ahead it is fresh for ten, and its nonce is there for longer.
    assert row["expires_at"] > sent + 2 * TOLERANCE


def test_without_a_tenant_it_belongs_to_none(db: Session, as_worker: Acting) -> None:
    with as_worker():
        assert db.value(CONSUME, "n", "0")
    assert db.one(ROWS)["tenant_id"] is None


@pytest.mark.parametrize("side", [-1, 1])
def test_fresh_is_within_five_minutes_either_way(db: Session, as_worker: Acting, side: int) -> None:
    with as_worker():
        assert db.value(CONSUME, "near", side * (TOLERANCE - SLACK))
        with db.refused("TK043"):
            db.value(CONSUME, "far", side * (TOLERANCE + SLACK))
    assert [row["nonce"] for row in db.all(ROWS)] == ["near"]


def test_a_stale_replay_is_stale(db: Session, as_worker: Acting) -> None:
    with as_worker():
        assert db.value(CONSUME, "n", "0")
        with db.refused("TK043"):
            db.value(CONSUME, "n", "-1 hour")


MOMENT = datetime.fromisoformat("2030-01-01T00:00:00+00:00")


@pytest.mark.parametrize(
    ("endpoint", "nonce", "sent"),
    [
        (None, "n", MOMENT),
        ("", "n", MOMENT),
        ("e" * 256, "n", MOMENT),
        ("stripe", None, MOMENT),
        ("stripe", "", MOMENT),
        ("stripe", "n" * 256, MOMENT),
        ("stripe", "n", None),
    ],
)
def test_what_is_missing_or_too_long_is_refused(
    db: Session, *, as_worker: Acting, endpoint: Any, nonce: Any, sent: Any
) -> None:
    with as_worker(), db.refused("TK001"):
        db.value(AT, endpoint, nonce, sent)


def test_the_longest_names_fit(db: Session, as_worker: Acting) -> None:
    query = "SELECT ticketing.consume_webhook_nonce(%s, %s, clock_timestamp(), %s)"
    with as_worker():
        assert db.value(query, "e" * 255, "n" * 255, "h" * 255)
        with db.refused("TK001"):
            db.value(query, "e", "n", "h" * 256)


@pytest.mark.parametrize("role", ["ticketing_app", "ticketing_readonly", "ts_test_nobody"])
def test_it_is_for_background_jobs_alone(db: Session, tenant: UUID, role: str) -> None:
    with db.acting(role, tenant=tenant), db.refused("42501"):
        db.value(CONSUME, "n", "0")


def test_of_many_deliveries_at_once_one_counts(clone: Database) -> None:
    def act(connection: psycopg.Connection, _: int) -> bool:
        return bool(Session(connection).value(CONSUME, "n", "0"))

    results = race(clone, "ts_test_worker", 16, act)
    assert sorted(map(str, results)) == ["False"] * 15 + ["True"]


def test_a_second_delivery_waits_for_the_handler_of_the_first(clone: Database) -> None:
    with psycopg.connect(clone.superuser_url) as connection:
        tenant = Make(Session(connection)).tenant()

    def consume(connection: psycopg.Connection) -> bool:
        return bool(Session(connection).value(CONSUME, "n", "0"))

    answers = in_turn(clone, "ts_test_worker", consume, consume, tenant=tenant)
    assert answers == (True, False, True)


def test_a_handler_that_fails_frees_the_nonce(db: Session, as_worker: Acting) -> None:
    with as_worker():
        with db.connection.transaction():
            assert db.value(CONSUME, "n", "0")
            raise psycopg.Rollback
        assert db.value(CONSUME, "n", "0")
