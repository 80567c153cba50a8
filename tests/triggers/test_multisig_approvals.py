"""Triggers of multisig_approvals: votes are tested, counted and never changed."""

from __future__ import annotations

from uuid import UUID

import pytest

from support.factories import Make
from support.session import Session

CHANGES = (
    "UPDATE ticketing.multisig_approvals SET operation_hash = 'forged'",
    "DELETE FROM ticketing.multisig_approvals",
    "TRUNCATE ticketing.multisig_approvals",
)


def test_the_guard_comes_before_the_vote_and_the_count_after_it(db: Session) -> None:
    rows = db.all(
        """
        SELECT action_timing, event_manipulation, trigger_name
        FROM information_schema.triggers
        WHERE
            event_object_schema = 'ticketing'
            AND event_object_table = 'multisig_approvals'
            AND event_manipulation = 'INSERT'
        ORDER BY action_timing DESC
        """
    )
    assert [tuple(row.values()) for row in rows] == [
        ("BEFORE", "INSERT", "trg_multisig_approvals_10_guard"),
        ("AFTER", "INSERT", "trg_multisig_approvals_20_count"),
    ]


@pytest.mark.parametrize("change", CHANGES)
def test_a_change_is_refused_and_the_vote_stays(
    db: Session, make: Make, tenant: UUID, change: str
) -> None:
    row = make.row("multisig_approvals", tenant)
    with db.refused("TK003"):
        db.run(change)
    assert db.one("SELECT * FROM ticketing.multisig_approvals WHERE id = %s", row["id"]) == row


@pytest.mark.parametrize("change", [CHANGES[0], CHANGES[2]])
def test_the_owner_may_not_change_it_either(
    db: Session, make: Make, tenant: UUID, change: str
) -> None:
    make.row("multisig_approvals", tenant)
    with db.acting("ticketing_owner"), db.refused("TK003"):
        db.run(change)


def test_a_vote_is_tested_before_it_is_written(db: Session, make: Make, tenant: UUID) -> None:
    customer = make.id("users", tenant)
    with db.refused("TK735"):
        make.row("multisig_approvals", tenant, approver_id=customer)


def test_the_vote_that_suffices_approves(db: Session, make: Make, tenant: UUID) -> None:
    request = make.id("multisig_approval_requests", tenant, required_approvals=2)
    read = "SELECT status FROM ticketing.multisig_approval_requests WHERE id = %s"
    statuses = []
    for _ in range(2):
        make.row("multisig_approvals", tenant, request_id=request)
        statuses.append(db.value(read, request))
    assert statuses == ["pending", "approved"]
