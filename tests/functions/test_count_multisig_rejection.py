"""count_multisig_rejection: the vote that suffices ends the request, and gives its reason."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

import pytest

from support.factories import Make
from support.session import Session

if TYPE_CHECKING:
    from conftest import Acting

READ = "SELECT * FROM ticketing.multisig_approval_requests WHERE id = %s"
REJECT = """
    INSERT INTO ticketing.multisig_rejections (tenant_id, request_id, rejecter_id, reason)
    VALUES (%s, %s, %s, %s)
"""


@pytest.mark.parametrize("needed", [1, 2, 5])
def test_it_ends_the_request_with_the_last_vote_and_not_before(
    make: Make, db: Session, tenant: UUID, *, as_tenant: Acting, needed: int
) -> None:
    asked = make.id("multisig_approval_requests", tenant, required_rejections=needed)
    voters = [make.id("users", tenant, role="staff") for _ in range(needed)]
    with as_tenant(tenant):
        for number, voter in enumerate(voters, 1):
            db.run(REJECT, tenant, asked, voter, f"reason {number}")
            row = db.one(READ, asked)
            assert row["status"] == ("rejected" if number == needed else "pending")
    assert row["decision_reason"] == f"reason {needed}"


@pytest.mark.parametrize("actor", ["user", "service", "system", "admin"])
def test_every_actor_may_end_a_pending_request(
    make: Make, db: Session, tenant: UUID, *, as_tenant: Acting, actor: str
) -> None:
    asked = make.id("multisig_approval_requests", tenant)
    voter = make.id("users", tenant, role="staff")
    with as_tenant(tenant, actor=actor):
        db.run(REJECT, tenant, asked, voter, "no")
        assert db.one(READ, asked)["status"] == "rejected"


def test_the_requesters_vote_is_enough(
    make: Make, db: Session, tenant: UUID, as_tenant: Acting
) -> None:
    person = make.id("users", tenant)
    asked = make.id(
        "multisig_approval_requests", tenant, requested_by=person, required_rejections=20
    )
    with as_tenant(tenant):
        db.run(REJECT, tenant, asked, person, "a mistake")
        assert db.one(READ, asked)["status"] == "rejected"


@pytest.mark.parametrize("actor", ["user", "service", "system", "admin"])
def test_an_approved_request_is_ended_by_system_and_administrators(
    make: Make, db: Session, tenant: UUID, *, as_tenant: Acting, actor: str
) -> None:
    asked = make.id("multisig_approval_requests", tenant, status="approved", required_rejections=9)
    voter = make.id("users", tenant, role="staff")
    with as_tenant(tenant, actor=actor):
        if actor in ("system", "admin"):
            db.run(REJECT, tenant, asked, voter, "fraud")
        else:
            with db.refused("TK202"):
                db.run(REJECT, tenant, asked, voter, "fraud")
    expected = "rejected" if actor in ("system", "admin") else "approved"
    assert db.one(READ, asked)["status"] == expected


def test_no_other_request_is_touched(
    make: Make, db: Session, tenant: UUID, other_tenant: UUID, as_tenant: Acting
) -> None:
    asked = make.id("multisig_approval_requests", tenant)
    others = [
        make.row("multisig_approval_requests", tenant),
        make.row("multisig_approval_requests", other_tenant, id=asked),
    ]
    voter = make.id("users", tenant, role="staff")
    with as_tenant(tenant):
        db.run(REJECT, tenant, asked, voter, "no")
    for other in others:
        read = f"{READ} AND tenant_id = %s"
        assert db.one(read, other["id"], other["tenant_id"]) == other
