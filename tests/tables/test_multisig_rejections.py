"""multisig_rejections: rules of the table."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID, uuid4

import pytest

from support.factories import Make
from support.session import Session

if TYPE_CHECKING:
    from conftest import Acting


@pytest.mark.parametrize("reason", ["", "  "])
def test_a_rejection_says_why(db: Session, make: Make, tenant: UUID, reason: str) -> None:
    with db.refused("23514", "chk_multisig_rejections_reason"):
        make.row("multisig_rejections", tenant, reason=reason)


def test_a_person_rejects_once_past_the_triggers_too(
    db: Session, make: Make, tenant: UUID, other_tenant: UUID
) -> None:
    request = make.id("multisig_approval_requests", tenant, required_rejections=3)
    voter = make.row("multisig_rejections", tenant, request_id=request)["rejecter_id"]
    make.row("multisig_rejections", tenant, request_id=request)
    make.row("multisig_rejections", tenant, rejecter_id=voter)
    make.id("users", other_tenant, id=voter, role="admin")
    make.row("multisig_rejections", other_tenant, rejecter_id=voter)
    db.run("SET LOCAL session_replication_role = replica")
    with db.refused("23505", "uq_multisig_rejections_vote"):
        make.row("multisig_rejections", tenant, request_id=request, rejecter_id=voter)


def test_request_and_voter_are_of_the_tenant(
    db: Session, make: Make, tenant: UUID, other_tenant: UUID
) -> None:
    theirs = make.row("multisig_rejections", other_tenant)
    for stranger in (uuid4(), theirs["rejecter_id"]):
        with db.refused("23503", "fk_multisig_rejections_rejecter_id"):
            make.row("multisig_rejections", tenant, rejecter_id=stranger)
    with db.refused("23503", "fk_multisig_rejections_request_id"):
        make.row("multisig_rejections", tenant, request_id=theirs["request_id"])


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE ticketing.multisig_rejections SET reason = 'forged'",
        "DELETE FROM ticketing.multisig_rejections",
    ],
)
def test_a_service_only_adds(db: Session, tenant: UUID, as_tenant: Acting, change: str) -> None:
    with as_tenant(tenant), db.refused("42501"):
        db.run(change)
