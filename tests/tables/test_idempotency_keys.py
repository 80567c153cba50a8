"""idempotency_keys: rules of the table."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

import pytest

from support.factories import Make, Row
from support.session import Session

if TYPE_CHECKING:
    from conftest import Acting

NOW = datetime(2030, 1, 1, tzinfo=UTC)
INSTANT = timedelta(microseconds=1)
LEASE: Row = {"locked_at": NOW, "locked_by": "node:1", "lock_expires_at": NOW}
ANSWER: Row = {"status": "completed", "completed_at": NOW, "response_status": 200}


@pytest.fixture
def bare(db: Session) -> None:
    """Switches triggers off, so that the constraints answer for themselves."""
    db.run("SET LOCAL session_replication_role = replica")


@pytest.mark.usefixtures("bare")
@pytest.mark.parametrize(
    ("constraint", "given"),
    [
        ("chk_idempotency_status", {"status": "open"}),
        ("chk_idempotency_status", {"status": ""}),
        ("chk_idempotency_key_length", {"idempotency_key": ""}),
        ("chk_idempotency_key_length", {"idempotency_key": "k" * 256}),
        ("chk_idempotency_operation_length", {"operation": ""}),
        ("chk_idempotency_operation_length", {"operation": "o" * 256}),
        ("chk_idempotency_hash", {"request_hash": ""}),
        ("chk_idempotency_hash", {"request_hash": "a" * 63}),
        ("chk_idempotency_hash", {"request_hash": "a" * 65}),
        ("chk_idempotency_hash", {"request_hash": "A" * 64}),
        ("chk_idempotency_hash", {"request_hash": "a" * 63 + "g"}),
        ("chk_idempotency_hash", {"request_hash": "a" * 63 + "\n"}),
        ("chk_idempotency_recovery_point", {"recovery_point": ""}),
        ("chk_idempotency_recovery_point", {"recovery_point": "p" * 101}),
        ("chk_idempotency_attempts", {"attempt_count": 0}),
        ("chk_idempotency_lock", LEASE | {"locked_at": None}),
        ("chk_idempotency_lock", LEASE | {"locked_by": None}),
        ("chk_idempotency_lock", LEASE | {"lock_expires_at": None}),
        ("chk_idempotency_lock", {"locked_by": "node:1"}),
        ("chk_idempotency_lock", {"locked_at": NOW}),
        ("chk_idempotency_lock", {"lock_expires_at": NOW}),
        ("chk_idempotency_lock", LEASE | {"status": "failed"}),
        ("chk_idempotency_lock", LEASE | ANSWER),
        ("chk_idempotency_completed", ANSWER | {"completed_at": None}),
        ("chk_idempotency_completed", ANSWER | {"response_status": None}),
        ("chk_idempotency_completed", {"completed_at": NOW}),
        ("chk_idempotency_completed", {"status": "failed", "completed_at": NOW}),
        ("chk_idempotency_completed_by", {"completed_by": "node:1"}),
        ("chk_idempotency_completed_by", {"status": "failed", "completed_by": "node:1"}),
        ("chk_idempotency_response_status", ANSWER | {"response_status": 99}),
        ("chk_idempotency_response_status", ANSWER | {"response_status": 600}),
        ("chk_idempotency_expiry", {"created_at": NOW, "expires_at": NOW}),
        ("chk_idempotency_expiry", {"created_at": NOW, "expires_at": NOW - INSTANT}),
    ],
)
def test_a_value_outside_the_rules_is_refused(
    db: Session, make: Make, tenant: UUID, constraint: str, given: Row
) -> None:
    with db.refused("23514", constraint):
        make.row("idempotency_keys", tenant, **given)


@pytest.mark.usefixtures("bare")
@pytest.mark.parametrize(
    "given",
    [
        {"idempotency_key": "k"},
        {"idempotency_key": "\u00fc" * 255},
        {"operation": "o"},
        {"operation": "o" * 255},
        {"request_hash": "0123456789abcdef" * 4},
        {"recovery_point": "p"},
        {"recovery_point": "p" * 100},
        {"attempt_count": 1},
        {"attempt_count": 2_147_483_647},
        {"status": "failed"},
        {"status": "failed", "response_status": 503},
        LEASE,
        ANSWER,
        ANSWER | {"completed_by": "node:1"},
        ANSWER | {"response_status": 100},
        ANSWER | {"response_status": 599},
        {"created_at": NOW, "expires_at": NOW + INSTANT},
    ],
)
def test_a_value_at_the_edge_of_the_rules_is_accepted(make: Make, tenant: UUID, given: Row) -> None:
    row = make.row("idempotency_keys", tenant, **given)
    assert {name: row[name] for name in given} == given


@pytest.mark.parametrize(
    "column",
    [
        "idempotency_key",
        "operation",
        "request_hash",
        "status",
        "recovery_point",
        "attempt_count",
        "last_run_at",
        "expires_at",
        "created_at",
        "updated_at",
    ],
)
def test_a_missing_value_is_refused(db: Session, make: Make, tenant: UUID, column: str) -> None:
    with db.refused("23502"):
        make.row("idempotency_keys", tenant, **{column: None})


def test_a_row_starts_free_and_is_kept_for_a_day(make: Make, tenant: UUID) -> None:
    row = make.row("idempotency_keys", tenant)
    assert (row["status"], row["recovery_point"]) == ("processing", "started")
    assert (row["attempt_count"], row["locked_by"]) == (1, None)
    assert (
        timedelta(0)
        <= row["created_at"] + timedelta(days=1) - row["expires_at"]
        < timedelta(seconds=1)
    )


def test_the_moments_are_those_of_the_wall_clock(db: Session, make: Make, tenant: UUID) -> None:
    row = make.row("idempotency_keys", tenant)
    started = db.value("SELECT now()")
    assert row["created_at"] > started
    assert row["last_run_at"] > started
    assert row["expires_at"] > started + timedelta(days=1)


def test_a_key_stands_once_for_an_operation_of_a_tenant(
    db: Session, make: Make, tenant: UUID, other_tenant: UUID
) -> None:
    given: dict[str, Any] = {"idempotency_key": "key", "operation": "POST /orders"}
    make.row("idempotency_keys", tenant, **given)
    for further in ({}, {"user_id": uuid4()}, {"request_hash": "0" * 64}, {"status": "failed"}):
        with db.refused("23505", "uq_idempotency_tenant_key_operation"):
            make.row("idempotency_keys", tenant, **given, **further)
    make.row("idempotency_keys", tenant, **given | {"operation": "POST /refunds"})
    make.row("idempotency_keys", tenant, **given | {"idempotency_key": "KEY"})
    make.row("idempotency_keys", other_tenant, **given)


def test_an_id_exists_once_in_a_tenant_and_again_in_another(
    db: Session, make: Make, tenant: UUID, other_tenant: UUID
) -> None:
    made = make.id("idempotency_keys", tenant)
    with db.refused("23505", "pk_idempotency_keys"):
        make.row("idempotency_keys", tenant, id=made)
    assert make.id("idempotency_keys", other_tenant, id=made) == made


def test_a_principal_may_be_unknown_here(make: Make, tenant: UUID) -> None:
    user = uuid4()
    assert make.row("idempotency_keys", tenant, user_id=user)["user_id"] == user


@pytest.mark.parametrize(
    "column",
    [
        "tenant_id",
        "id",
        "idempotency_key",
        "operation",
        "user_id",
        "request_hash",
        "created_at",
        "updated_at",
    ],
)
def test_which_request_a_row_is_cannot_be_changed(
    db: Session, make: Make, tenant: UUID, as_tenant: Acting, column: str
) -> None:
    make.row("idempotency_keys", tenant)
    with as_tenant(tenant), db.refused("42501"):
        db.run(f"UPDATE ticketing.idempotency_keys SET {column} = {column}")


@pytest.mark.parametrize(
    ("index", "query"),
    [
        (
            "idx_idempotency_expires",
            "SELECT id FROM ticketing.idempotency_keys WHERE expires_at <= now() "
            "ORDER BY expires_at LIMIT 10",
        ),
        (
            "idx_idempotency_stuck",
            "SELECT id FROM ticketing.idempotency_keys WHERE status = 'processing' "
            "AND lock_expires_at < now() ORDER BY lock_expires_at LIMIT 10",
        ),
        (
            "uq_idempotency_tenant_key_operation",
            "SELECT id FROM ticketing.idempotency_keys WHERE tenant_id = gen_random_uuid() "
            "AND idempotency_key = 'k' AND operation = 'o'",
        ),
    ],
)
def test_each_index_serves_what_it_is_for(db: Session, index: str, query: str) -> None:
    db.run("SET LOCAL enable_seqscan = off")
    db.run("SET LOCAL enable_sort = off")
    plan = "\n".join(row["QUERY PLAN"] for row in db.all(f"EXPLAIN {query}"))
    assert index in plan
