"""approve_refund: somebody other than the requester clears the payout."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

import pytest

from support.factories import Make, Row
from support.sales import call, request, sell
from support.session import Session

if TYPE_CHECKING:
    from conftest import Acting


@pytest.fixture
def asker(make: Make, tenant: UUID) -> UUID:
    return make.id("users", tenant, role="admin")


@pytest.fixture
def approver(make: Make, tenant: UUID) -> UUID:
    return make.id("users", tenant, role="admin")


@pytest.fixture
def asked(db: Session, make: Make, tenant: UUID, asker: UUID) -> UUID:
    sold = sell(make, tenant)
    with db.acting("ticketing_app", tenant=tenant):
        made: UUID = request(db, sold.order, requested_by=asker)["refund_id"]
    return made


def approve(db: Session, refund: UUID | None, **given: Any) -> Row:
    return call(db, "approve_refund", refund_id=refund, **given)


def test_another_person_approves_once(
    db: Session, tenant: UUID, *, asked: UUID, approver: UUID, as_user: Acting
) -> None:
    with as_user(tenant, approver, "admin"):
        done = approve(db, asked)
        assert approve(db, asked, approved_by=approver) == {**done, "outcome": "replayed"}
    assert done == {"refund_id": asked, "status": "approved", "outcome": "approved"}
    assert db.value("SELECT approved_by FROM ticketing.refunds") == approver


def test_a_job_approves_in_the_name_of_somebody(
    db: Session, tenant: UUID, *, asked: UUID, approver: UUID, as_worker: Acting
) -> None:
    with as_worker(tenant=tenant, actor="system"):
        with db.refused("TK620"):
            approve(db, asked)
        assert approve(db, asked, approved_by=approver)["outcome"] == "approved"


def test_the_requester_does_not_approve(
    db: Session, tenant: UUID, *, asked: UUID, asker: UUID, as_user: Acting
) -> None:
    with as_user(tenant, asker, "admin"), db.refused("TK608"):
        approve(db, asked)


def test_nobody_approves_in_anothers_name(
    db: Session, tenant: UUID, *, asked: UUID, asker: UUID, approver: UUID, as_user: Acting
) -> None:
    with as_user(tenant, asker, "admin"), db.refused("TK738"):
        approve(db, asked, approved_by=approver)


def test_votes_that_are_asked_for_are_needed(
    db: Session, make: Make, tenant: UUID, *, asked: UUID, approver: UUID, as_user: Acting
) -> None:
    vote = make.id("multisig_approval_requests", tenant)
    db.run("UPDATE ticketing.refunds SET multisig_request_id = %s", vote)
    with as_user(tenant, approver, "admin"), db.refused("TK620"):
        approve(db, asked)
    done = make.id("multisig_approval_requests", tenant, status="approved")
    db.run("UPDATE ticketing.refunds SET multisig_request_id = %s", done)
    with db.acting("ticketing_app", tenant=tenant, actor="system"):
        assert approve(db, asked)["outcome"] == "approved"


def test_only_a_pending_one_is_approved_by_who_may(
    db: Session, make: Make, tenant: UUID, *, asked: UUID, approver: UUID, as_user: Acting
) -> None:
    with as_user(tenant, approver, "staff"), db.refused("TK202"):
        approve(db, asked)
    make.advance("refunds", asked, "rejected")
    with as_user(tenant, approver, "admin"), db.refused("TK201"):
        approve(db, asked)


def test_who_may_call(
    db: Session, tenant: UUID, *, asked: UUID, asker: UUID, as_user: Acting, as_readonly: Acting
) -> None:
    with as_user(tenant, asker), db.refused("TK119"):
        approve(db, asked)
    with as_readonly(tenant), db.refused("42501"):
        approve(db, asked)
    with db.acting("ticketing_app", tenant=tenant), db.refused("TK610"):
        approve(db, uuid4())
