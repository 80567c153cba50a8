"""multisig_approvals: rules of the table."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID, uuid4

import pytest

from support.factories import Make, Row
from support.session import Session

if TYPE_CHECKING:
    from conftest import Acting


@pytest.mark.parametrize(
    "given",
    [
        {"signature": "c2ln", "signature_algorithm": None},
        {"signature": None, "signature_algorithm": "ed25519"},
    ],
)
def test_a_signature_comes_with_its_algorithm(
    db: Session, make: Make, tenant: UUID, given: Row
) -> None:
    with db.refused("23514", "chk_multisig_approvals_signature"):
        make.row("multisig_approvals", tenant, **given)


def test_a_signature_is_kept(make: Make, tenant: UUID) -> None:
    given = {"signature": "c2ln", "signature_algorithm": "ed25519"}
    assert given.items() <= make.row("multisig_approvals", tenant, **given).items()


def test_a_person_approves_once_past_the_triggers_too(
    db: Session, make: Make, tenant: UUID, other_tenant: UUID
) -> None:
    first = make.row("multisig_approvals", tenant)
    voter = first["approver_id"]
    make.row("multisig_approvals", tenant, request_id=first["request_id"])
    make.row("multisig_approvals", tenant, approver_id=voter)
    make.id("users", other_tenant, id=voter, role="admin")
    make.row("multisig_approvals", other_tenant, approver_id=voter)
    db.run("SET LOCAL session_replication_role = replica")
    with db.refused("23505", "uq_multisig_approvals_vote"):
        make.row("multisig_approvals", tenant, request_id=first["request_id"], approver_id=voter)


def test_request_and_voter_are_of_the_tenant(
    db: Session, make: Make, tenant: UUID, other_tenant: UUID
) -> None:
    theirs = make.row("multisig_approvals", other_tenant)
    for stranger in (uuid4(), theirs["approver_id"]):
        with db.refused("23503", "fk_multisig_approvals_approver_id"):
            make.row("multisig_approvals", tenant, approver_id=stranger)
    with db.refused("23503", "fk_multisig_approvals_request_id"):
        make.row("multisig_approvals", tenant, request_id=theirs["request_id"])


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE ticketing.multisig_approvals SET operation_hash = ''",
        "DELETE FROM ticketing.multisig_approvals",
    ],
)
def test_a_service_only_adds(db: Session, tenant: UUID, as_tenant: Acting, change: str) -> None:
    with as_tenant(tenant), db.refused("42501"):
        db.run(change)
