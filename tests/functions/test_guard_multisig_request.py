"""guard_multisig_request: what is asked is frozen, and a status has its votes, whoever writes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

import pytest
from psycopg.types.json import Jsonb

from support.factories import Make, Row
from support.session import Session

if TYPE_CHECKING:
    from conftest import Acting

TABLE = "ticketing.multisig_approval_requests"
READ = f"SELECT * FROM {TABLE} WHERE id = %s"
INSERT = f"""
    INSERT INTO {TABLE} (tenant_id, operation_type, operation_data, requested_by, operation_hash)
    VALUES (%s, 'refund', '{{"a": 1}}', %s, %s)
    RETURNING operation_hash
"""
HASH = "SELECT encode(sha256('{\"a\": 1}'), 'hex')"


def voted(
    db: Session, make: Make, tenant: UUID, approvals: int, rejections: int, **given: Any
) -> Row:
    """Returns a request with votes that nothing has counted."""
    asked = make.row("multisig_approval_requests", tenant, **given)
    db.run("SET LOCAL session_replication_role = replica")
    for _ in range(approvals):
        make.row("multisig_approvals", tenant, request_id=asked["id"])
    for _ in range(rejections):
        make.row("multisig_rejections", tenant, request_id=asked["id"])
    db.run("SET LOCAL session_replication_role = origin")
    return asked


def past() -> Row:
    now = datetime.now(UTC)
    return {"requested_at": now - timedelta(hours=2), "expires_at": now - timedelta(seconds=1)}


# --- a new request ---


def test_the_hash_is_computed_here(
    db: Session, make: Make, tenant: UUID, as_tenant: Acting
) -> None:
    person = make.id("users", tenant)
    expected = db.value(HASH)
    with as_tenant(tenant):
        for given in (None, expected):
            assert db.value(INSERT, tenant, person, given) == expected
        with db.refused("TK737"):
            db.value(INSERT, tenant, person, "0" * 64)


def test_nobody_asks_in_anothers_name(
    db: Session, make: Make, tenant: UUID, as_user: Acting
) -> None:
    person, other = make.id("users", tenant), make.id("users", tenant)
    with as_user(tenant, person):
        db.value(INSERT, tenant, person, None)
        with db.refused("TK738"):
            db.value(INSERT, tenant, other, None)


# --- what is frozen ---


@pytest.mark.parametrize("status", ["pending", "approved", "executed"])
@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("id", uuid4()),
        ("operation_type", "other"),
        ("operation_data", Jsonb({"a": 2})),
        ("operation_hash", "0" * 64),
        ("requested_by", uuid4()),
        ("requested_at", datetime(2020, 1, 1, tzinfo=UTC)),
        ("required_approvals", 1),
        ("required_rejections", 2),
        ("approver_roles", ["user"]),
        ("expires_at", datetime(2090, 1, 1, tzinfo=UTC)),
        ("created_at", datetime(2020, 1, 1, tzinfo=UTC)),
    ],
)
def test_what_is_asked_for_cannot_change(
    db: Session, make: Make, tenant: UUID, *, status: str, column: str, value: Any
) -> None:
    """Not even by the superuser; services have no right to most of these columns."""
    asked = make.row("multisig_approval_requests", tenant, status=status)
    with db.refused("TK002"):
        db.run(f"UPDATE {TABLE} SET {column} = %s WHERE id = %s", value, asked["id"])
    assert db.one(READ, asked["id"]) == asked


def test_nor_the_tenant(db: Session, make: Make, tenant: UUID, other_tenant: UUID) -> None:
    asked = make.id("multisig_approval_requests", tenant)
    with db.refused("TK002"):
        db.run(f"UPDATE {TABLE} SET tenant_id = %s WHERE id = %s", other_tenant, asked)


def test_it_cannot_change_together_with_the_status(db: Session, make: Make, tenant: UUID) -> None:
    asked = voted(db, make, tenant, 2, 0)
    with db.refused("TK002"), db.saying(actor="system"):
        db.run(
            f"UPDATE {TABLE} SET status = 'approved', operation_data = '{{}}' WHERE id = %s",
            asked["id"],
        )


@pytest.mark.parametrize(
    "change",
    [
        "decided_at = clock_timestamp()",
        "decision_reason = 'other'",
        "executed_at = clock_timestamp()",
        "executed_by = gen_random_uuid()",
    ],
)
@pytest.mark.parametrize("status", ["pending", "rejected", "executed"])
def test_what_became_of_it_cannot_change(
    db: Session, make: Make, tenant: UUID, status: str, change: str
) -> None:
    asked = make.id("multisig_approval_requests", tenant, status=status)
    with db.refused("TK002"):
        db.run(f"UPDATE {TABLE} SET {change} WHERE id = %s", asked)


def test_a_result_is_added_once(db: Session, make: Make, tenant: UUID, as_tenant: Acting) -> None:
    asked = make.id("multisig_approval_requests", tenant, status="executed")
    add = f"UPDATE {TABLE} SET execution_result = %s WHERE id = %s"
    with as_tenant(tenant):
        assert db.run(add, Jsonb({"ok": 1}), asked) == 1
        assert db.run(add, Jsonb({"ok": 1}), asked) == 1
        for other in (Jsonb({"ok": 2}), None):
            with db.refused("TK002"):
                db.run(add, other, asked)


# --- votes and time ---


def move(db: Session, asked: Row, status: str, actor: str = "system", **columns: Any) -> int:
    setting = "".join(f", {name} = %s" for name in columns)
    with db.acting("ticketing_app", tenant=asked["tenant_id"], actor=actor):
        return db.run(
            f"UPDATE {TABLE} SET status = %s{setting} WHERE id = %s",
            *(status, *columns.values(), asked["id"]),
        )


@pytest.mark.parametrize(("votes", "needed"), [(0, 1), (1, 2), (2, 3)])
def test_nothing_is_approved_without_its_votes(
    db: Session, make: Make, tenant: UUID, votes: int, needed: int
) -> None:
    asked = voted(db, make, tenant, votes, 0, required_approvals=needed)
    with db.refused("TK739"):
        move(db, asked, "approved")


def test_with_its_votes_it_is_and_says_when(db: Session, make: Make, tenant: UUID) -> None:
    asked = voted(db, make, tenant, 2, 0)
    before = db.value("SELECT clock_timestamp()")
    assert move(db, asked, "approved") == 1
    assert db.one(READ, asked["id"])["decided_at"] > before


def test_nothing_is_approved_past_its_time(db: Session, make: Make, tenant: UUID) -> None:
    asked = voted(db, make, tenant, 2, 0, **past())
    with db.refused("TK733"):
        move(db, asked, "approved")


def test_nor_executed(db: Session, make: Make, tenant: UUID) -> None:
    asked = voted(db, make, tenant, 2, 0, status="approved", **past())
    with db.refused("TK733"):
        move(db, asked, "executed", executed_by=asked["requested_by"])


def test_an_execution_has_its_votes_still(db: Session, make: Make, tenant: UUID) -> None:
    asked = voted(db, make, tenant, 1, 0, status="approved")
    with db.refused("TK739"):
        move(db, asked, "executed", executed_by=asked["requested_by"])


def test_and_a_person_who_may(db: Session, make: Make, tenant: UUID, other_tenant: UUID) -> None:
    asked = voted(db, make, tenant, 2, 0, status="approved")
    customer = make.id("users", tenant)
    theirs = make.id("users", other_tenant, role="admin")
    for nobody in (None, customer, theirs):
        with db.refused("TK735"):
            move(db, asked, "executed", executed_by=nobody)
    admin = make.id("users", tenant, role="admin")
    assert move(db, asked, "executed", executed_by=admin) == 1
    row = db.one(READ, asked["id"])
    assert row["executed_by"] == admin
    assert row["executed_at"] >= row["decided_at"]


@pytest.mark.parametrize(("votes", "needed"), [(0, 1), (1, 2)])
def test_nothing_is_rejected_without_its_votes(
    db: Session, make: Make, tenant: UUID, votes: int, needed: int
) -> None:
    asked = voted(db, make, tenant, 0, votes, required_rejections=needed)
    for actor in ("user", "admin"):
        with db.refused("TK739"):
            move(db, asked, "rejected", actor, decision_reason="no")


def test_with_its_votes_it_is(db: Session, make: Make, tenant: UUID) -> None:
    asked = voted(db, make, tenant, 0, 2, required_rejections=2)
    assert move(db, asked, "rejected", "user", decision_reason="no") == 1
    assert db.one(READ, asked["id"])["decided_at"] is not None


def test_the_requesters_own_vote_is_enough(db: Session, make: Make, tenant: UUID) -> None:
    asked = make.row("multisig_approval_requests", tenant, required_rejections=5)
    db.run("SET LOCAL session_replication_role = replica")
    make.row(
        "multisig_rejections", tenant, request_id=asked["id"], rejecter_id=asked["requested_by"]
    )
    db.run("SET LOCAL session_replication_role = origin")
    assert move(db, asked, "rejected", "user", decision_reason="a mistake") == 1


def test_after_the_approval_an_administrator_needs_none(
    db: Session, make: Make, tenant: UUID
) -> None:
    asked = voted(db, make, tenant, 2, 0, status="approved", required_rejections=5)
    with db.refused("TK202"):
        move(db, asked, "rejected", "user", decision_reason="no")
    assert move(db, asked, "rejected", "admin", decision_reason="no") == 1


def test_the_reason_of_the_transaction_is_taken_where_the_row_has_none(
    db: Session, make: Make, tenant: UUID, as_tenant: Acting
) -> None:
    asked = voted(db, make, tenant, 0, 1)
    with as_tenant(tenant, reason="said so"):
        db.run(f"UPDATE {TABLE} SET status = 'rejected' WHERE id = %s", asked["id"])
    assert db.one(READ, asked["id"])["decision_reason"] == "said so"
