"""Both tables of votes: who may vote on what, past the triggers too."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID, uuid4

import pytest

from support.factories import Make
from support.session import Session
from support.triggers import tables_running


@dataclass(frozen=True)
class Votes:
    """A table of votes: the column of the voter, how many a request needs, and the constraints."""

    table: str
    voter: str
    required: str
    once: str
    of_voter: str
    of_request: str


VOTES = (
    Votes(
        "multisig_approvals",
        voter="approver_id",
        required="required_approvals",
        once="uq_multisig_approvals_vote",
        of_voter="fk_multisig_approvals_approver_id",
        of_request="fk_multisig_approvals_request_id",
    ),
    Votes(
        "multisig_rejections",
        voter="rejecter_id",
        required="required_rejections",
        once="uq_multisig_rejections_vote",
        of_voter="fk_multisig_rejections_rejecter_id",
        of_request="fk_multisig_rejections_request_id",
    ),
)
each = pytest.mark.parametrize("votes", VOTES, ids=lambda votes: votes.table)


def test_every_table_of_votes_is_tested() -> None:
    assert sorted(votes.table for votes in VOTES) == tables_running("guard_multisig_vote")


@each
def test_a_person_votes_once_past_the_triggers_too(
    db: Session, make: Make, tenant: UUID, other_tenant: UUID, votes: Votes
) -> None:
    request = make.id("multisig_approval_requests", tenant, **{votes.required: 3})
    voter = make.row(votes.table, tenant, request_id=request)[votes.voter]
    make.row(votes.table, tenant, request_id=request)
    make.row(votes.table, tenant, **{votes.voter: voter})
    make.id("users", other_tenant, id=voter, role="admin")
    make.row(votes.table, other_tenant, **{votes.voter: voter})
    db.run("SET LOCAL session_replication_role = replica")
    with db.refused("23505", votes.once):
        make.row(votes.table, tenant, request_id=request, **{votes.voter: voter})


@each
def test_request_and_voter_are_of_the_tenant(
    db: Session, make: Make, tenant: UUID, other_tenant: UUID, votes: Votes
) -> None:
    theirs = make.row(votes.table, other_tenant)
    for stranger in (uuid4(), theirs[votes.voter]):
        with db.refused("23503", votes.of_voter):
            make.row(votes.table, tenant, **{votes.voter: stranger})
    with db.refused("23503", votes.of_request):
        make.row(votes.table, tenant, request_id=theirs["request_id"])
