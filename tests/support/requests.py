"""Idempotent requests, as a service makes them: one call each, arguments by name."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from psycopg.types.json import Jsonb

from .factories import Row
from .session import Session

HASH = "ab" * 32
OTHER_HASH = "cd" * 32
BODY = {"order": "O-1", "tickets": [1, 2]}
HEADERS = {"Location": "/orders/O-1"}
MOMENTS = (
    "locked_at",
    "lock_expires_at",
    "last_run_at",
    "completed_at",
    "expires_at",
    "created_at",
    "updated_at",
)


def call(db: Session, function: str, **given: Any) -> Row:
    """Returns the only row that a function returns; `given` are arguments without their `p_`."""
    arguments = ", ".join(f"p_{name} => %s" for name in given)
    values = [Jsonb(value) if isinstance(value, dict | list) else value for value in given.values()]
    return db.one(f"SELECT * FROM ticketing.{function}({arguments})", *values)


def acquire(db: Session, tenant: UUID | None, **given: Any) -> Row:
    """Asks for the right to run a request, the same one unless told otherwise."""
    usual = {"key": "key", "operation": "POST /orders", "request_hash": HASH, "lock_holder": "node"}
    return call(db, "acquire_idempotency_key", tenant_id=tenant, **(usual | given))


def complete(db: Session, held: Row, **given: Any) -> bool:
    """Stores the answer of a request that was acquired."""
    usual = {
        "key_id": held["key_id"],
        "status": "completed",
        "response_status": 201,
        "response_body": BODY,
        "lock_token": held["lock_token"],
        "response_headers": HEADERS,
    }
    done: bool = call(db, "complete_idempotency_key", **(usual | given))["complete_idempotency_key"]
    return done


def release(db: Session, held: Row, *, failed: bool | None = False, **given: Any) -> bool:
    """Gives a request back."""
    usual = {"key_id": held["key_id"], "set_failed": failed, "lock_token": held["lock_token"]}
    done: bool = call(db, "release_idempotency_lock", **(usual | given))["release_idempotency_lock"]
    return done


def extend(db: Session, held: Row, **given: Any) -> bool:
    """Prolongs the lease of a request."""
    usual = {"key_id": held["key_id"], "lock_token": held["lock_token"]}
    done: bool = call(db, "extend_idempotency_lock", **(usual | given))["extend_idempotency_lock"]
    return done


def mark(db: Session, held: Row, point: str | None = "charged", **given: Any) -> bool:
    """Marks a phase of a request as done."""
    name = "set_idempotency_recovery_point"
    usual = {"key_id": held["key_id"], "recovery_point": point, "lock_token": held["lock_token"]}
    done: bool = call(db, name, **(usual | given))[name]
    return done


def find(db: Session, tenant: UUID | None, **given: Any) -> Row:
    """Looks up what became of a request."""
    usual = {"key": "key", "operation": "POST /orders", "request_hash": HASH}
    return call(db, "find_idempotent_result", tenant_id=tenant, **(usual | given))


def record(db: Session, tenant: UUID | None, **given: Any) -> Row:
    """Stores a key with its answer."""
    usual = {
        "key": "key",
        "operation": "POST /orders",
        "request_hash": HASH,
        "response_status": 201,
        "response_body": BODY,
    }
    return call(db, "record_idempotent_result", tenant_id=tenant, **(usual | given))


def row(db: Session, key_id: UUID) -> Row:
    """Returns the row of a key."""
    return db.one("SELECT * FROM ticketing.idempotency_keys WHERE id = %s", key_id)


def pass_time(db: Session, interval: str) -> None:
    """Lets time go by for every key: all its moments move into the past. For the superuser."""
    shift = ", ".join(f"{moment} = {moment} - %s::interval" for moment in MOMENTS)
    db.run("SET LOCAL session_replication_role = replica")
    db.run(f"UPDATE ticketing.idempotency_keys SET {shift}", *[interval] * len(MOMENTS))
    db.run("SET LOCAL session_replication_role = origin")


def bring(db: Session, tenant: UUID, state: str) -> Row | None:
    """Brings the usual request into a state by the ways of a service, and says what was acquired.

    Args:
        db: the superuser's session.
        tenant: whose request it is.
        state: none, live, over, returned, completed or failed; after "expired-", the same a day
            and an hour later.
    """
    name = state.removeprefix("expired-")
    if name == "none":
        return None
    with db.acting("ticketing_app", tenant=tenant):
        held = acquire(db, tenant)
        assert held["outcome"] == "acquired"
        if name == "returned":
            assert release(db, held)
        elif name == "failed":
            assert release(db, held, failed=True)
        elif name == "completed":
            assert complete(db, held, resource_id=tenant, resource_type="order")
    if name == "over":
        pass_time(db, "5 minutes")
    if state != name:
        pass_time(db, "25 hours")
    return held
