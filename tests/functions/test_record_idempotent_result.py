"""record_idempotent_result: key and answer in the transaction of the work itself."""

from __future__ import annotations

import time
from collections import Counter
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

import psycopg
import pytest

from support.databases import Database
from support.factories import Make, Row
from support.names import shown
from support.races import race
from support.requests import (
    BODY,
    HASH,
    HEADERS,
    OTHER_HASH,
    acquire,
    bring,
    find,
    pass_time,
    record,
    row,
)
from support.session import Session

if TYPE_CHECKING:
    from conftest import Acting

STATES = {
    "none": "recorded",
    "live": "in_progress",
    "over": "free",
    "returned": "free",
    "completed": "replay",
    "failed": "free",
    "expired-over": "recorded",
    "expired-returned": "recorded",
    "expired-completed": "recorded",
    "expired-failed": "recorded",
}
OTHER_REQUESTS: list[Row] = [{"request_hash": OTHER_HASH}, {"user_id": uuid4()}]


def rows(db: Session) -> list[Row]:
    return db.all("SELECT * FROM ticketing.idempotency_keys")


def test_key_and_answer_are_written_at_once(db: Session, tenant: UUID, as_tenant: Acting) -> None:
    made, user = uuid4(), uuid4()
    with as_tenant(tenant):
        got = record(
            db,
            tenant,
            resource_id=made,
            resource_type="order",
            response_headers=HEADERS,
            user_id=user,
            time_to_live="30 days",
            client_ip="192.0.2.7",
            user_agent="u" * 600,
            request_id="r" * 300,
        )
    stored = row(db, got["key_id"])
    expected = {
        "tenant_id": tenant,
        "idempotency_key": "key",
        "operation": "POST /orders",
        "user_id": user,
        "request_hash": HASH,
        "status": "completed",
        "response_status": 201,
        "response_headers": HEADERS,
        "response_body": BODY,
        "resource_id": made,
        "resource_type": "order",
        "user_agent": "u" * 512,
        "request_id": "r" * 255,
        "locked_by": None,
        "completed_by": None,
        "attempt_count": 1,
        "completed_at": stored["created_at"],
        "last_run_at": stored["created_at"],
        "expires_at": stored["created_at"] + timedelta(days=30),
    }
    assert expected.items() <= stored.items()
    assert str(stored["client_ip"]) == "192.0.2.7"
    answer = ("response_status", "response_headers", "response_body", "resource_id")
    assert got == {
        "outcome": "recorded",
        "key_id": stored["id"],
        **{name: expected[name] for name in (*answer, "resource_type")},
        "retry_after": None,
    }


@pytest.mark.parametrize(("state", "outcome"), STATES.items())
def test_each_state_has_its_word(
    db: Session, tenant: UUID, as_tenant: Acting, *, state: str, outcome: str
) -> None:
    held = bring(db, tenant, state)
    before = rows(db)
    with as_tenant(tenant):
        got = record(db, tenant, response_body={"second": True})
        if outcome != "recorded":
            assert got["outcome"] == outcome
            assert rows(db) == before
            assert got["response_body"] == (BODY if outcome == "replay" else None)
            return
        assert got["outcome"] == "recorded"
        assert held is None or got["key_id"] != held["key_id"]
        assert [r["response_body"] for r in rows(db)] == [{"second": True}]
        assert acquire(db, tenant)["response_body"] == {"second": True}


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("other", OTHER_REQUESTS, ids=["hash", "principal"])
def test_another_request_with_the_key_is_a_mismatch_until_it_expires(
    db: Session, tenant: UUID, as_tenant: Acting, *, state: str, other: Row
) -> None:
    bring(db, tenant, state)
    before = rows(db)
    with as_tenant(tenant):
        got = record(db, tenant, **other)
    if state == "none" or state.startswith("expired"):
        assert got["outcome"] == "recorded"
    else:
        assert (got["outcome"], got["response_body"]) == ("mismatch", None)
        assert rows(db) == before


def test_a_held_key_past_its_time_stays(db: Session, tenant: UUID, as_tenant: Acting) -> None:
    held = bring(db, tenant, "over")
    pass_time(db, "25 hours")
    db.run(
        "UPDATE ticketing.idempotency_keys "
        "SET lock_expires_at = clock_timestamp() + interval '1 minute'"
    )
    with as_tenant(tenant):
        assert record(db, tenant)["outcome"] == "in_progress"
    assert held is not None
    assert row(db, held["key_id"])["locked_by"] == held["lock_token"]


def test_work_that_is_rolled_back_leaves_no_key(
    db: Session, tenant: UUID, as_tenant: Acting
) -> None:
    with as_tenant(tenant):
        with db.connection.transaction(force_rollback=True):
            record(db, tenant)
        assert find(db, tenant)["outcome"] == "absent"
        assert record(db, tenant)["outcome"] == "recorded"


@pytest.mark.parametrize(
    "given",
    [
        {"key": None},
        {"key": ""},
        {"key": "k" * 256},
        {"operation": None},
        {"operation": "o" * 256},
        {"request_hash": None},
        {"request_hash": "A" * 64},
        {"response_status": None},
        {"response_status": 99},
        {"response_status": 600},
        {"time_to_live": None},
        {"time_to_live": "86399 seconds"},
        {"time_to_live": "367 days"},
    ],
    ids=lambda given: str(given)[:40],
)
@pytest.mark.parametrize("state", ["none", "completed"])
def test_an_argument_out_of_range_is_refused(
    db: Session, tenant: UUID, as_tenant: Acting, *, state: str, given: Row
) -> None:
    bring(db, tenant, state)
    before = rows(db)
    (name,) = given
    with as_tenant(tenant), db.refused("TK001") as by:
        record(db, tenant, **given)
    assert f"p_{name} is not" in str(by.error)
    assert rows(db) == before


@pytest.mark.parametrize(
    "given",
    [
        {"response_status": 100},
        {"response_status": 599},
        {"response_body": None},
        {"time_to_live": "24 hours"},
        {"time_to_live": "366 days"},
    ],
    ids=shown,
)
def test_an_argument_at_the_edge_of_its_range_is_accepted(
    db: Session, tenant: UUID, as_tenant: Acting, given: Row
) -> None:
    with as_tenant(tenant):
        assert record(db, tenant, **given)["outcome"] == "recorded"


def test_a_customer_records_their_own_and_is_given_nobody_elses(
    db: Session, tenant: UUID, as_user: Acting
) -> None:
    alice, bob = uuid4(), uuid4()
    with as_user(tenant, alice):
        got = record(db, tenant)
        assert (got["outcome"], row(db, got["key_id"])["user_id"]) == ("recorded", alice)
    with as_user(tenant, bob):
        assert record(db, tenant)["outcome"] == "mismatch"
        with db.refused("TK401"):
            record(db, tenant, user_id=alice)


def test_another_tenants_key_is_another_key(
    db: Session, tenant: UUID, other_tenant: UUID, as_tenant: Acting
) -> None:
    bring(db, other_tenant, "completed")
    with as_tenant(tenant):
        assert record(db, tenant)["outcome"] == "recorded"
        for other in (other_tenant, None):
            with db.refused("TK702"):
                record(db, other)


@pytest.mark.parametrize("context", [None, "", "nonsense"])
def test_without_a_tenant_the_call_is_refused(
    db: Session, tenant: UUID, as_tenant: Acting, context: Any
) -> None:
    for asked in (tenant, None):
        with as_tenant(context), db.refused("TK701"):
            record(db, asked)


def test_a_worker_may_and_readers_and_strangers_may_not_call_it(
    db: Session, tenant: UUID, *, as_worker: Acting, as_readonly: Acting, as_nobody: Acting
) -> None:
    with as_worker(tenant=tenant):
        assert record(db, tenant)["outcome"] == "recorded"
    for acting in (as_readonly(tenant), as_nobody(tenant=tenant)):
        with acting, db.refused("42501"):
            record(db, tenant)


@pytest.mark.parametrize("state", ["none", "expired-completed", "expired-over"])
def test_of_forty_callers_one_records_and_the_others_are_given_its_answer(
    clone: Database, state: str
) -> None:
    with psycopg.connect(clone.superuser_url) as connection:
        session = Session(connection)
        tenant = Make(session).tenant()
        bring(session, tenant, state)

    def act(connection: psycopg.Connection, number: int) -> tuple[str, str]:
        got = record(Session(connection), tenant, response_body={"by": number})
        time.sleep(0.01)
        return got["outcome"], str(got["response_body"])

    results = race(clone, "ts_test_app", 40, act, tenant=tenant)

    assert [str(r) for r in results if isinstance(r, psycopg.Error)] == []
    outcomes = Counter(r[0] for r in results if not isinstance(r, psycopg.Error))
    assert outcomes == {"recorded": 1, "replay": 39}
    assert len({r[1] for r in results if not isinstance(r, psycopg.Error)}) == 1


def test_it_meets_acquire_and_one_of_them_runs(clone: Database) -> None:
    with psycopg.connect(clone.superuser_url) as connection:
        tenant = Make(Session(connection)).tenant()

    def act(connection: psycopg.Connection, number: int) -> str:
        ask = record if number % 2 else acquire
        return str(ask(Session(connection), tenant)["outcome"])

    results = race(clone, "ts_test_app", 20, act, tenant=tenant)

    counted = Counter(results)
    assert counted["recorded"] + counted["acquired"] == 1
    assert counted["replay"] + counted["in_progress"] == 19
    assert not (counted["recorded"] and counted["in_progress"])
