"""find_idempotent_result: what became of a request, without touching it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

import pytest

from support.factories import Row
from support.names import shown
from support.requests import (
    BODY,
    HASH,
    HEADERS,
    OTHER_HASH,
    acquire,
    bring,
    complete,
    find,
    pass_time,
    record,
)
from support.session import Session

if TYPE_CHECKING:
    from conftest import Acting

STATES = {
    "none": "absent",
    "live": "in_progress",
    "over": "free",
    "returned": "free",
    "completed": "replay",
    "failed": "free",
    "expired-over": "absent",
    "expired-returned": "absent",
    "expired-completed": "absent",
    "expired-failed": "absent",
}
OTHER_REQUESTS: list[Row] = [{"request_hash": OTHER_HASH}, {"user_id": uuid4()}]
ANSWER = (
    "response_status",
    "response_headers",
    "response_body",
    "resource_id",
    "resource_type",
    "retry_after",
)


def rows(db: Session) -> list[Row]:
    return db.all("SELECT * FROM ticketing.idempotency_keys")


@pytest.mark.parametrize(("state", "outcome"), STATES.items())
def test_each_state_has_its_word_and_stays_as_it_is(
    db: Session, tenant: UUID, as_tenant: Acting, *, state: str, outcome: str
) -> None:
    held = bring(db, tenant, state)
    before = rows(db)
    with as_tenant(tenant):
        got = find(db, tenant)
        assert got["outcome"] == outcome
        assert got["key_id"] == (held["key_id"] if held and outcome != "absent" else None)
        for other in OTHER_REQUESTS:
            got = find(db, tenant, **other)
            assert got["outcome"] == ("absent" if outcome == "absent" else "mismatch")
            assert {name: got[name] for name in ANSWER} == dict.fromkeys(ANSWER)
        assert find(db, tenant, operation="POST /refunds")["outcome"] == "absent"
        assert find(db, tenant, key="KEY")["outcome"] == "absent"
    assert rows(db) == before


@pytest.mark.parametrize("state", STATES)
def test_it_says_what_acquire_would_say(
    db: Session, tenant: UUID, as_tenant: Acting, state: str
) -> None:
    bring(db, tenant, state)
    same = {"absent": ("acquired", "new"), "free": ("acquired", None)}
    with as_tenant(tenant):
        for given in ({}, *OTHER_REQUESTS):
            word = find(db, tenant, **given)["outcome"]
            with db.connection.transaction(force_rollback=True):
                asked = acquire(db, tenant, **given)
            outcome, acquired_as = same.get(word, (word, None))
            assert asked["outcome"] == outcome
            if acquired_as:
                assert asked["acquired_as"] == acquired_as


def test_the_answer_is_told_whole(db: Session, tenant: UUID, as_tenant: Acting) -> None:
    made = uuid4()
    with as_tenant(tenant):
        held = acquire(db, tenant)
        complete(db, held, resource_id=made, resource_type="order")
        assert find(db, tenant) == {
            "outcome": "replay",
            "key_id": held["key_id"],
            "response_status": 201,
            "response_headers": HEADERS,
            "response_body": BODY,
            "resource_id": made,
            "resource_type": "order",
            "retry_after": None,
        }


def test_in_progress_says_how_long_the_lease_is(
    db: Session, tenant: UUID, as_tenant: Acting
) -> None:
    with as_tenant(tenant):
        acquire(db, tenant, lock_duration="10 minutes")
    pass_time(db, "599 seconds")
    with as_tenant(tenant):
        assert find(db, tenant)["retry_after"] == 1


def test_a_held_key_past_its_time_is_in_progress(
    db: Session, tenant: UUID, as_tenant: Acting
) -> None:
    bring(db, tenant, "over")
    pass_time(db, "25 hours")
    db.run(
        "UPDATE ticketing.idempotency_keys "
        "SET lock_expires_at = clock_timestamp() + interval '1 minute'"
    )
    with as_tenant(tenant):
        assert find(db, tenant)["outcome"] == "in_progress"


def test_a_customer_is_told_their_own_answer_and_nobody_elses(
    db: Session, tenant: UUID, as_user: Acting
) -> None:
    alice, bob = uuid4(), uuid4()
    with as_user(tenant, alice):
        record(db, tenant)
        assert find(db, tenant)["outcome"] == "replay"
    with as_user(tenant, bob):
        assert find(db, tenant)["outcome"] == "mismatch"
        with db.refused("TK401"):
            find(db, tenant, user_id=alice)


@pytest.mark.parametrize("state", ["none", "live", "over", "completed", "failed"])
@pytest.mark.parametrize(
    "given",
    [{"key": None}, {"key": ""}, {"operation": None}, {"request_hash": None}],
    ids=shown,
)
def test_a_malformed_argument_is_refused_in_every_state(
    db: Session, tenant: UUID, as_tenant: Acting, *, state: str, given: Row
) -> None:
    bring(db, tenant, state)
    with as_tenant(tenant), db.refused("TK001"):
        find(db, tenant, **given)


def test_a_hash_in_another_spelling_is_refused(
    db: Session, tenant: UUID, as_tenant: Acting
) -> None:
    bring(db, tenant, "completed")
    with as_tenant(tenant), db.refused("TK001"):
        find(db, tenant, request_hash=HASH.upper())


def test_another_tenants_request_is_absent(
    db: Session, tenant: UUID, other_tenant: UUID, as_tenant: Acting
) -> None:
    bring(db, other_tenant, "completed")
    with as_tenant(tenant):
        assert find(db, tenant)["outcome"] == "absent"
        for other in (other_tenant, None):
            with db.refused("TK702"):
                find(db, other)


@pytest.mark.parametrize("context", [None, "", "nonsense"])
def test_without_a_tenant_the_call_is_refused(
    db: Session, tenant: UUID, as_tenant: Acting, context: Any
) -> None:
    for asked in (tenant, None):
        with as_tenant(context), db.refused("TK701"):
            find(db, asked)


def test_a_worker_may_and_readers_and_strangers_may_not_call_it(
    db: Session, tenant: UUID, *, as_worker: Acting, as_readonly: Acting, as_nobody: Acting
) -> None:
    with as_worker(tenant=tenant):
        assert find(db, tenant)["outcome"] == "absent"
    for acting in (as_readonly(tenant), as_nobody(tenant=tenant)):
        with acting, db.refused("42501"):
            find(db, tenant)
