"""Both tables of votes: a vote is tested before it is written and counted after it."""

from __future__ import annotations

from uuid import UUID

import pytest

from support.factories import Make
from support.session import Session
from support.triggers import attached, in_order, tables_running

APPROVALS = tables_running("count_multisig_approval")
REJECTIONS = tables_running("count_multisig_rejection")
TABLES = tables_running("guard_multisig_vote")
# table -> column of the voter, how many votes a request needs, what it is then
VOTES = {
    "multisig_approvals": ("approver_id", "required_approvals", "approved"),
    "multisig_rejections": ("rejecter_id", "required_rejections", "rejected"),
}


def test_every_table_of_votes_is_tested(db: Session) -> None:
    assert VOTES.keys() == set(TABLES) == set(attached(db, "guard_multisig_vote"))
    assert {*APPROVALS, *REJECTIONS} == VOTES.keys()


@pytest.mark.parametrize("table", TABLES)
def test_the_guard_comes_before_the_vote_and_the_count_after_it(db: Session, table: str) -> None:
    assert in_order(db, table, "INSERT") == [
        ("BEFORE", "INSERT", "ROW", f"trg_{table}_10_guard"),
        ("AFTER", "INSERT", "ROW", f"trg_{table}_20_count"),
    ]


@pytest.mark.parametrize("table", TABLES)
def test_a_vote_is_tested_before_it_is_written(
    db: Session, make: Make, tenant: UUID, table: str
) -> None:
    voter, _, _ = VOTES[table]
    customer = make.id("users", tenant)
    with db.refused("TK735"):
        make.row(table, tenant, **{voter: customer})


@pytest.mark.parametrize("table", TABLES)
def test_the_vote_that_suffices_decides(db: Session, make: Make, tenant: UUID, table: str) -> None:
    _, required, decided = VOTES[table]
    request = make.id("multisig_approval_requests", tenant, **{required: 2})
    read = "SELECT status FROM ticketing.multisig_approval_requests WHERE id = %s"
    statuses = []
    for _ in range(2):
        make.row(table, tenant, request_id=request)
        statuses.append(db.value(read, request))
    assert statuses == ["pending", decided]
