"""Idempotency keys that stick, or that answer the wrong request."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID

from support.factories import Make, Row
from support.session import Session

from .defect import Rewrite, answer, prove

if TYPE_CHECKING:
    from conftest import Acting

ACQUIRE = "SELECT * FROM ticketing.acquire_idempotency_key(%s, 'key', 'POST /orders', %s, 'worker')"
COMPLETE = """
    SELECT ticketing.complete_idempotency_key(
        %s, 'completed', 201, '{"order": 1}', p_lock_token => %s
    )
"""
RELEASE = "SELECT ticketing.release_idempotency_lock(%s, %s, %s)"


def acquire(db: Session, tenant: UUID, request: str = "a") -> Row:
    return db.one(ACQUIRE, tenant, request * 64)


def outcome(db: Session, tenant: UUID, request: str = "a") -> Any:
    return answer(db, ACQUIRE.replace("*", "outcome"), tenant, request * 64)


def test_04_a_released_lock_that_is_stuck_for_ever(
    db: Session, tenant: UUID, as_tenant: Acting
) -> None:
    def look() -> Any:
        with as_tenant(tenant):
            mine = acquire(db, tenant)
            assert db.value(RELEASE, mine["key_id"], False, mine["lock_token"]) is True
            return outcome(db, tenant)

    # Without a lease nothing is ever "over": a comparison with NULL is never true.
    prove(
        db,
        look,
        Rewrite(
            "acquire_idempotency_key",
            "WHEN k.lock_expires_at > v_now THEN 'in_progress'",
            "WHEN k.status = 'processing' AND (k.lock_expires_at <= v_now) IS NOT TRUE"
            " THEN 'in_progress'",
        ),
        promised="acquired",
        broken="in_progress",
    )


def test_05_a_request_hash_that_nobody_compares(
    db: Session, tenant: UUID, as_tenant: Acting
) -> None:
    def look() -> Any:
        with as_tenant(tenant):
            mine = acquire(db, tenant)
            db.value(COMPLETE, mine["key_id"], mine["lock_token"])
            return outcome(db, tenant, "b")

    prove(
        db,
        look,
        Rewrite(
            "acquire_idempotency_key", "k.request_hash IS DISTINCT FROM p_request_hash", "FALSE"
        ),
        promised="mismatch",
        broken="replay",
    )


def test_05_a_failed_key_that_is_never_tried_again(
    db: Session, tenant: UUID, as_tenant: Acting
) -> None:
    def look() -> Any:
        with as_tenant(tenant):
            mine = acquire(db, tenant)
            assert db.value(RELEASE, mine["key_id"], True, mine["lock_token"]) is True
            return outcome(db, tenant)

    prove(
        db,
        look,
        Rewrite(
            "acquire_idempotency_key",
            "WHEN k.status = 'failed' THEN 'retry'",
            "WHEN k.status = 'failed' THEN 'in_progress'",
        ),
        promised="acquired",
        broken="in_progress",
    )


def test_05_an_expired_key_that_still_answers(
    db: Session, make: Make, tenant: UUID, as_tenant: Acting
) -> None:
    def look() -> Any:
        with as_tenant(tenant):
            mine = acquire(db, tenant)
            db.value(COMPLETE, mine["key_id"], mine["lock_token"])
        # Two days go by, which no trigger would believe.
        db.run("SET LOCAL session_replication_role = replica")
        db.run(
            "UPDATE ticketing.idempotency_keys SET created_at = created_at - interval '3 days', "
            "expires_at = expires_at - interval '2 days'"
        )
        db.run("SET LOCAL session_replication_role = origin")
        with as_tenant(tenant):
            return outcome(db, tenant)

    prove(
        db,
        look,
        Rewrite("acquire_idempotency_key", "WHEN k.expires_at <= v_now AND", "WHEN FALSE AND"),
        promised="acquired",
        broken="replay",
    )
