"""count_multisig_approval: the vote that suffices approves, whoever gives it and however."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

import pytest

from support.factories import Make
from support.session import Session

if TYPE_CHECKING:
    from conftest import Acting

READ = "SELECT * FROM ticketing.multisig_approval_requests WHERE id = %s"
APPROVE = """
    INSERT INTO ticketing.multisig_approvals (tenant_id, request_id, approver_id, operation_hash)
    SELECT r.tenant_id, r.id, %s, r.operation_hash
    FROM ticketing.multisig_approval_requests AS r
    WHERE r.id = %s
"""


@pytest.mark.parametrize("needed", [1, 2, 5])
def test_it_approves_with_the_last_vote_and_not_before(
    make: Make, db: Session, tenant: UUID, *, as_tenant: Acting, needed: int
) -> None:
    asked = make.id("multisig_approval_requests", tenant, required_approvals=needed)
    voters = [make.id("users", tenant, role="staff") for _ in range(needed)]
    statuses = []
    with as_tenant(tenant):
        for voter in voters:
            assert db.run(APPROVE, voter, asked) == 1
            statuses.append(db.one(READ, asked)["status"])
    assert statuses == [*["pending"] * (needed - 1), "approved"]


def test_several_votes_in_one_statement_are_counted(
    make: Make, db: Session, tenant: UUID, as_tenant: Acting
) -> None:
    asked = make.id("multisig_approval_requests", tenant)
    voters = [make.id("users", tenant, role="staff") for _ in range(2)]
    with as_tenant(tenant):
        added = db.run(
            """
            INSERT INTO ticketing.multisig_approvals (
                tenant_id, request_id, approver_id, operation_hash
            )
            SELECT r.tenant_id, r.id, v, r.operation_hash
            FROM ticketing.multisig_approval_requests AS r, unnest(%s::uuid[]) AS v
            WHERE r.id = %s
            """,
            *(voters, asked),
        )
        assert added == 2
        assert db.one(READ, asked)["status"] == "approved"


@pytest.mark.parametrize("actor", ["user", "service", "admin", None])
def test_it_is_the_rule_that_approves_and_the_session_stays_who_it_is(
    make: Make, db: Session, tenant: UUID, *, as_tenant: Acting, actor: str | None
) -> None:
    asked = make.id("multisig_approval_requests", tenant, required_approvals=1)
    voter = make.id("users", tenant, role="staff")
    said = {"actor": actor} if actor else {}
    with as_tenant(tenant, **said):
        db.run(APPROVE, voter, asked)
        assert db.one(READ, asked)["status"] == "approved"
        assert db.value("SELECT current_setting('app.actor_type', TRUE)") == (actor or "")


def test_votes_of_people_without_the_role_are_left_out(
    make: Make, db: Session, tenant: UUID, as_tenant: Acting
) -> None:
    asked = make.id("multisig_approval_requests", tenant)
    voters = [make.id("users", tenant, role="staff") for _ in range(3)]
    with as_tenant(tenant):
        db.run(APPROVE, voters[0], asked)
    db.run("UPDATE ticketing.users SET status = 'blocked' WHERE id = %s", voters[0])
    with as_tenant(tenant):
        db.run(APPROVE, voters[1], asked)
        assert db.one(READ, asked)["status"] == "pending"
        db.run(APPROVE, voters[2], asked)
        assert db.one(READ, asked)["status"] == "approved"


def test_no_other_request_is_touched(
    make: Make, db: Session, tenant: UUID, other_tenant: UUID, as_tenant: Acting
) -> None:
    asked = make.id("multisig_approval_requests", tenant, required_approvals=1)
    others = [
        make.row("multisig_approval_requests", tenant),
        make.row("multisig_approval_requests", other_tenant, id=asked),
    ]
    voter = make.id("users", tenant, role="staff")
    with as_tenant(tenant):
        db.run(APPROVE, voter, asked)
    for other in others:
        read = f"{READ} AND tenant_id = %s"
        assert db.one(read, other["id"], other["tenant_id"]) == other
