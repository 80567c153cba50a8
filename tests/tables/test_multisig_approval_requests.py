"""multisig_approval_requests: rules of the table."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from uuid import UUID, uuid4

import pytest

from support.factories import Make, Row
from support.session import Session

if TYPE_CHECKING:
    from conftest import Acting

NOW = datetime(2030, 6, 1, 18, tzinfo=UTC)
TICK = timedelta(microseconds=1)
SOMEBODY = uuid4()
EXECUTED = {
    "status": "executed",
    "decided_at": NOW,
    "executed_at": NOW,
    "executed_by": SOMEBODY,
}


@pytest.fixture
def bare(db: Session, make: Make, tenant: UUID) -> Row:
    """Switches triggers off, so that the constraints answer for themselves."""
    person = make.id("users", tenant)
    db.run("SET LOCAL session_replication_role = replica")
    return {"requested_by": person, "operation_hash": "0" * 64}


@pytest.mark.parametrize(
    ("constraint", "given"),
    [
        ("chk_multisig_status_valid", {"status": "open"}),
        ("chk_required_approvals", {"required_approvals": 0}),
        ("chk_required_approvals", {"required_approvals": 21}),
        ("chk_required_approvals", {"required_rejections": 0}),
        ("chk_required_approvals", {"required_rejections": 21}),
        ("chk_multisig_executed", {**EXECUTED, "executed_at": None, "executed_by": None}),
        ("chk_multisig_executed", {**EXECUTED, "executed_by": None}),
        ("chk_multisig_executed", {"status": "pending", "executed_by": SOMEBODY}),
        (
            "chk_multisig_executed",
            {"status": "approved", "decided_at": NOW, "executed_at": NOW, "executed_by": SOMEBODY},
        ),
        ("chk_multisig_decided", {"status": "approved", "decided_at": None}),
        ("chk_multisig_decided", {"status": "rejected", "decided_at": None}),
        ("chk_multisig_decided", {**EXECUTED, "decided_at": None}),
        ("chk_multisig_expiry", {"requested_at": NOW, "expires_at": NOW}),
        ("chk_multisig_approval_requests_operation", {"operation_type": " "}),
        ("chk_multisig_approval_requests_operation", {"operation_type": "o" * 101}),
        ("chk_multisig_approval_requests_hash", {"operation_hash": "0" * 63}),
        ("chk_multisig_approval_requests_hash", {"operation_hash": "A" * 64}),
        ("chk_multisig_approval_requests_roles", {"approver_roles": "{boss}"}),
        ("chk_multisig_approval_requests_roles", {"approver_roles": "{admin,NULL}"}),
        ("chk_multisig_approval_requests_reason", {"decision_reason": "no"}),
        ("chk_multisig_approval_requests_reason", {"status": "rejected", "decision_reason": None}),
        ("chk_multisig_approval_requests_result", {"execution_result": {}}),
    ],
)
def test_a_value_outside_the_rules_is_refused(
    db: Session, make: Make, tenant: UUID, *, bare: Row, constraint: str, given: Row
) -> None:
    with db.refused("23514", constraint):
        make.row("multisig_approval_requests", tenant, **{**bare, **given})


@pytest.mark.parametrize(
    "given",
    [
        {"required_approvals": 1, "required_rejections": 1},
        {"required_approvals": 20, "required_rejections": 20},
        {"requested_at": NOW, "expires_at": NOW + TICK},
        {"operation_type": "o"},
        {"operation_type": "o" * 100},
        {"approver_roles": ["user", "staff", "scanner", "venue_owner", "admin", "superadmin"]},
        {"status": "expired"},
        {"status": "expired", "decided_at": NOW},
        {"status": "rejected", "decided_at": NOW, "decision_reason": "no"},
        {**EXECUTED, "execution_result": {"refund": 1}},
    ],
)
def test_a_value_at_the_edge_of_the_rules_is_accepted(
    make: Make, tenant: UUID, bare: Row, given: Row
) -> None:
    roles = given.get("approver_roles")
    sent = {**given, "approver_roles": f"{{{','.join(roles)}}}"} if roles else given
    row = make.row("multisig_approval_requests", tenant, **{**bare, **sent})
    assert given.items() <= row.items()


def test_a_request_needs_two_people_within_a_day_unless_told(make: Make, tenant: UUID) -> None:
    row = make.row("multisig_approval_requests", tenant)
    expected = {
        "status": "pending",
        "required_approvals": 2,
        "required_rejections": 1,
        "approver_roles": [],
        "version": 1,
    }
    assert expected.items() <= row.items()
    lasts = row["expires_at"] - row["requested_at"]
    assert timedelta(hours=24) <= lasts < timedelta(hours=24, seconds=1)


def test_the_requester_is_a_user_of_the_tenant(
    db: Session, make: Make, tenant: UUID, other_tenant: UUID
) -> None:
    for stranger in (uuid4(), make.id("users", other_tenant)):
        with db.refused("23503", "fk_multisig_approval_requests_requested_by"):
            make.row("multisig_approval_requests", tenant, requested_by=stranger)


@pytest.mark.parametrize(
    "column",
    [
        "tenant_id",
        "id",
        "operation_type",
        "operation_data",
        "operation_hash",
        "requested_by",
        "requested_at",
        "required_approvals",
        "required_rejections",
        "approver_roles",
        "decided_at",
        "expires_at",
        "executed_at",
        "version",
        "created_at",
        "updated_at",
    ],
)
def test_a_service_cannot_change(db: Session, tenant: UUID, as_tenant: Acting, column: str) -> None:
    with as_tenant(tenant), db.refused("42501") as by:
        db.run(f"UPDATE ticketing.multisig_approval_requests SET {column} = DEFAULT")
    assert "permission denied" in str(by.error)


def test_a_service_cannot_delete(db: Session, tenant: UUID, as_tenant: Acting) -> None:
    with as_tenant(tenant), db.refused("42501"):
        db.run("DELETE FROM ticketing.multisig_approval_requests")
