"""complete_idempotency_key: the holder of a request stores its answer, once."""

from __future__ import annotations

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
from support.requests import BODY, HEADERS, acquire, bring, complete, pass_time, release, row
from support.session import Session

if TYPE_CHECKING:
    from conftest import Acting

MADE = uuid4()
DAY = timedelta(days=1)


def test_the_answer_is_stored_whole_and_the_lease_ends(
    db: Session, tenant: UUID, as_tenant: Acting
) -> None:
    with as_tenant(tenant):
        held = acquire(db, tenant)
        before = row(db, held["key_id"])
        assert complete(db, held, resource_id=MADE, resource_type="order") is True
    after = row(db, held["key_id"])
    changed = {name for name in after if after[name] != before[name]}
    expected = {
        "status": "completed",
        "response_status": 201,
        "response_headers": HEADERS,
        "response_body": BODY,
        "resource_id": MADE,
        "resource_type": "order",
        "locked_at": None,
        "locked_by": None,
        "lock_expires_at": None,
        "completed_by": held["lock_token"],
    }
    assert expected.items() <= after.items()
    assert changed == {*expected, "completed_at", "expires_at", "updated_at"}
    assert before["last_run_at"] < after["completed_at"] <= db.value("SELECT clock_timestamp()")
    assert after["expires_at"] == after["completed_at"] + DAY


def test_a_long_time_to_live_is_not_shortened(db: Session, tenant: UUID, as_tenant: Acting) -> None:
    with as_tenant(tenant):
        held = acquire(db, tenant, time_to_live="30 days")
        before = row(db, held["key_id"])["expires_at"]
        complete(db, held)
    assert row(db, held["key_id"])["expires_at"] == before


def test_an_answer_late_in_the_life_of_a_key_is_kept_for_a_day(
    db: Session, tenant: UUID, as_tenant: Acting
) -> None:
    held = bring(db, tenant, "expired-over")
    assert held is not None
    with as_tenant(tenant):
        assert complete(db, held) is True
        assert acquire(db, tenant)["outcome"] == "replay"


@pytest.mark.parametrize("again", [1, 3])
def test_the_same_answer_by_the_same_holder_is_true_again(
    db: Session, tenant: UUID, as_tenant: Acting, again: int
) -> None:
    given: Row = {"resource_id": MADE, "resource_type": "order"}
    with as_tenant(tenant):
        held = acquire(db, tenant)
        complete(db, held, **given)
        before = row(db, held["key_id"])
        for _ in range(again):
            assert complete(db, held, **given) is True
    assert row(db, held["key_id"]) == before


def test_an_empty_answer_is_true_again(db: Session, tenant: UUID, as_tenant: Acting) -> None:
    with as_tenant(tenant):
        held = acquire(db, tenant)
        for _ in range(2):
            assert complete(db, held, response_body=None, response_headers=None) is True


@pytest.mark.parametrize(
    "other",
    [
        {"response_status": 200},
        {"response_body": {"order": "O-2"}},
        {"response_body": None},
        {"response_headers": {}},
        {"response_headers": None},
        {"resource_id": UUID(int=1)},
        {"resource_id": None},
        {"resource_type": "ticket"},
        {"resource_type": None},
    ],
    ids=shown,
)
def test_another_answer_is_false_and_the_first_stays(
    db: Session, tenant: UUID, as_tenant: Acting, other: Row
) -> None:
    given: Row = {"resource_id": MADE, "resource_type": "order"}
    with as_tenant(tenant):
        held = acquire(db, tenant)
        complete(db, held, **given)
        before = row(db, held["key_id"])
        assert complete(db, held, **(given | other)) is False
    assert row(db, held["key_id"]) == before


def test_the_same_answer_by_one_who_was_overtaken_is_false(
    db: Session, tenant: UUID, as_tenant: Acting
) -> None:
    late = bring(db, tenant, "over")
    assert late is not None
    with as_tenant(tenant):
        assert complete(db, acquire(db, tenant)) is True
        assert complete(db, late) is False


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("status", None),
        ("status", "failed"),
        ("status", "processing"),
        ("status", ""),
        ("response_status", None),
        ("response_status", 99),
        ("response_status", 600),
        ("response_status", -1),
    ],
)
def test_an_argument_out_of_range_is_refused(
    db: Session, tenant: UUID, as_tenant: Acting, name: str, value: Any
) -> None:
    with as_tenant(tenant):
        held = acquire(db, tenant)
        with db.refused("TK001") as by:
            complete(db, held, **{name: value})
    assert f"p_{name} is" in str(by.error)
    assert row(db, held["key_id"])["status"] == "processing"


@pytest.mark.parametrize("status", [100, 599])
def test_every_status_of_http_may_be_stored(
    db: Session, tenant: UUID, as_tenant: Acting, status: int
) -> None:
    with as_tenant(tenant):
        assert complete(db, acquire(db, tenant), response_status=status) is True


def test_the_order_of_the_arguments_is_that_of_the_seed(
    db: Session, tenant: UUID, as_tenant: Acting
) -> None:
    with as_tenant(tenant):
        held = acquire(db, tenant)
        call = "SELECT ticketing.complete_idempotency_key(%s, %s, %s, %s, %s, %s, %s)"
        given = (held["key_id"], "completed", 200, '{"a": 1}', MADE, "order", held["lock_token"])
        assert db.value(call, *given) is True
    stored = row(db, held["key_id"])
    assert (stored["response_status"], stored["response_body"]) == (200, {"a": 1})
    assert (stored["resource_id"], stored["resource_type"]) == (MADE, "order")


def test_another_tenants_answer_is_not_confirmed(
    db: Session, tenant: UUID, other_tenant: UUID, as_tenant: Acting
) -> None:
    held = bring(db, other_tenant, "completed")
    assert held is not None
    given: Row = {"resource_id": other_tenant, "resource_type": "order"}
    with as_tenant(other_tenant):
        assert complete(db, held, **given) is True
    with as_tenant(tenant):
        assert complete(db, held, **given) is False


@pytest.mark.parametrize("rival", ["take over", "give back"])
def test_of_a_late_holder_and_its_rival_one_wins(clone: Database, rival: str) -> None:
    with psycopg.connect(clone.superuser_url) as connection:
        session = Session(connection)
        tenant = Make(session).tenant()
        held = bring(session, tenant, "live")
        pass_time(session, "1 hour")
    assert held is not None

    def act(connection: psycopg.Connection, number: int) -> bool:
        own = Session(connection)
        if number % 2:
            return complete(own, held, response_body={"by": number})
        if rival == "give back":
            return release(own, held, failed=number % 4 == 0)
        return bool(acquire(own, tenant)["outcome"] == "acquired")

    results = race(clone, "ts_test_app", 12, act, tenant=tenant)

    assert sorted(map(str, results)) == ["False"] * 11 + ["True"]


def test_of_concurrent_completions_with_one_token_the_first_stays(clone: Database) -> None:
    with psycopg.connect(clone.superuser_url) as connection:
        session = Session(connection)
        tenant = Make(session).tenant()
        held = bring(session, tenant, "live")
    assert held is not None

    def act(connection: psycopg.Connection, number: int) -> bool:
        return complete(Session(connection), held, response_body={"by": number % 3})

    results = race(clone, "ts_test_app", 12, act, tenant=tenant)

    assert Counter(results) == {True: 4, False: 8}
