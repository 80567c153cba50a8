"""Triggers of multisig_approval_requests; its state machine is in test_every_transition."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

import pytest

from support.factories import Make
from support.session import Session
from support.triggers import in_order

if TYPE_CHECKING:
    from conftest import Acting

READ = "SELECT * FROM ticketing.multisig_approval_requests WHERE id = %s"


def test_they_fire_in_the_order_of_their_names(db: Session) -> None:
    name = "trg_multisig_approval_requests"
    assert in_order(db, "multisig_approval_requests") == [
        ("BEFORE", "INSERT", "ROW", f"{name}_05_start_status"),
        ("BEFORE", "INSERT", "ROW", f"{name}_10_guard"),
        ("BEFORE", "UPDATE", "ROW", f"{name}_05_change_status"),
        ("BEFORE", "UPDATE", "ROW", f"{name}_10_guard"),
        ("BEFORE", "UPDATE", "ROW", f"{name}_90_raise_version"),
    ]


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ("operation_data = '{\"amount\": 1000000}'", "TK002"),
        ("status = 'approved'", "TK739"),
        ("status = 'executed'", "TK201"),
        ("status = 'expired'", "TK205"),
    ],
)
def test_the_guards_look_at_every_update(
    db: Session, make: Make, tenant: UUID, change: str, code: str
) -> None:
    row = make.row("multisig_approval_requests", tenant)
    with db.refused(code):
        db.run(f"UPDATE ticketing.multisig_approval_requests SET {change}")
    assert db.one(READ, row["id"]) == row


def test_every_vote_raises_the_version(db: Session, make: Make, tenant: UUID) -> None:
    row: dict[str, Any] = make.row("multisig_approval_requests", tenant)
    make.row("multisig_approvals", tenant, request_id=row["id"])
    after = db.one(READ, row["id"])
    assert after["version"] == 2
    assert after["updated_at"] > row["updated_at"]
    kept = row.keys() - {"version", "updated_at"}
    assert {name: after[name] for name in kept} == {name: row[name] for name in kept}


def test_a_sweeper_expires_what_is_overdue(
    db: Session, make: Make, tenant: UUID, as_worker: Acting
) -> None:
    now = datetime.now(UTC)
    past = {"requested_at": now - timedelta(hours=2), "expires_at": now - timedelta(hours=1)}
    overdue = make.id("multisig_approval_requests", tenant, **past)
    live = make.id("multisig_approval_requests", tenant)
    with as_worker(tenant=tenant):
        assert (
            db.run(
                """
                UPDATE ticketing.multisig_approval_requests SET status = 'expired'
                WHERE status IN ('pending', 'approved') AND expires_at <= clock_timestamp()
                """
            )
            == 1
        )
    assert db.one(READ, overdue)["status"] == "expired"
    assert db.one(READ, overdue)["decided_at"] is None
    assert db.one(READ, live)["status"] == "pending"
