"""Approvals of one's own request, and votes on both sides."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

import pytest

from support.factories import Make, Row
from support.session import Session

from .defect import Rewrite, attempt, prove

if TYPE_CHECKING:
    from conftest import Acting

APPROVE = "SELECT * FROM ticketing.approve_request(%s, %s, %s)"
REJECT = "SELECT * FROM ticketing.reject_request(%s, %s, 'no')"


@pytest.fixture
def request_row(make: Make, tenant: UUID) -> Row:
    admin = make.id("users", tenant, role="admin")
    return make.row("multisig_approval_requests", tenant, requested_by=admin)


def test_20_a_request_that_its_author_approves(
    db: Session, tenant: UUID, request_row: Row, as_tenant: Acting
) -> None:
    def look() -> str:
        author, seen = request_row["requested_by"], request_row["operation_hash"]
        with as_tenant(tenant):
            return attempt(db, APPROVE, request_row["id"], author, seen)

    prove(
        db,
        look,
        Rewrite(
            "guard_multisig_vote",
            "IF c_is_approval AND v_voter_id = v_request.requested_by THEN",
            "IF FALSE THEN",
        ),
        promised="TK734",
        broken="done",
    )


def test_20_a_person_who_votes_on_both_sides(
    db: Session, make: Make, tenant: UUID, *, request_row: Row, as_tenant: Acting
) -> None:
    person = make.id("users", tenant, role="admin")

    def look() -> list[str]:
        with as_tenant(tenant):
            return [
                attempt(db, APPROVE, request_row["id"], person, request_row["operation_hash"]),
                attempt(db, REJECT, request_row["id"], person),
            ]

    prove(
        db,
        look,
        Rewrite("guard_multisig_vote", "    IF EXISTS (\n", "    IF FALSE AND EXISTS (\n"),
        promised=["done", "TK736"],
        broken=["done", "done"],
    )


def test_20_an_approval_that_no_vote_stands_behind(
    db: Session, tenant: UUID, request_row: Row, as_tenant: Acting
) -> None:
    def look() -> str:
        with as_tenant(tenant, actor="system"):
            return attempt(
                db,
                "UPDATE ticketing.multisig_approval_requests SET status = 'approved'",
            )

    prove(
        db,
        look,
        Rewrite(
            "guard_multisig_request", "IF v_votes < OLD.required_approvals THEN", "IF FALSE THEN"
        ),
        promised="TK739",
        broken="done",
    )
