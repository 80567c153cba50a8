"""reject_request: one person's no, the requester's withdrawal, an administrator's veto."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from uuid import UUID, uuid4

import psycopg
import pytest

from support.databases import Database
from support.factories import Make, Row
from support.races import race
from support.session import Session

if TYPE_CHECKING:
    from conftest import Acting

REJECT = "SELECT * FROM ticketing.reject_request(%s, %s, %s)"
READ = "SELECT * FROM ticketing.multisig_approval_requests WHERE id = %s"
VOTES = "SELECT * FROM ticketing.multisig_rejections WHERE request_id = %s"


@pytest.fixture
def asked(make: Make, tenant: UUID) -> Row:
    """A request that two people must reject to end it."""
    return make.row("multisig_approval_requests", tenant, required_rejections=2)


@pytest.fixture
def voters(make: Make, tenant: UUID) -> list[UUID]:
    return [make.id("users", tenant, role="staff") for _ in range(3)]


def test_the_last_rejection_that_is_needed_ends_it_with_its_reason(
    db: Session, tenant: UUID, *, asked: Row, voters: list[UUID], as_user: Acting
) -> None:
    answers = []
    for voter, reason in zip(voters[:2], ("too much", "wrong order"), strict=True):
        with as_user(tenant, voter, "staff"):
            answers.append(tuple(db.one(REJECT, asked["id"], voter, reason).values()))
    assert answers == [("pending", 1, 2, False), ("rejected", 2, 2, False)]
    row = db.one(READ, asked["id"])
    assert row["decision_reason"] == "wrong order"
    assert row["decided_at"] > asked["requested_at"]
    with as_user(tenant, voters[2], "staff"), db.refused("TK732"):
        db.one(REJECT, asked["id"], voters[2], "me too")


def test_by_default_one_is_a_veto(
    db: Session, make: Make, tenant: UUID, *, voters: list[UUID], as_tenant: Acting
) -> None:
    asked = make.id("multisig_approval_requests", tenant)
    with as_tenant(tenant):
        assert db.one(REJECT, asked, voters[0], "no")["status"] == "rejected"


@pytest.mark.parametrize("role", ["user", "admin"])
def test_the_requester_withdraws_at_once(
    db: Session, make: Make, tenant: UUID, *, as_user: Acting, role: str
) -> None:
    person = make.id("users", tenant, role=role)
    asked = make.id(
        "multisig_approval_requests", tenant, requested_by=person, required_rejections=20
    )
    with as_user(tenant, person, role):
        assert db.one(REJECT, asked, person, "a mistake")["status"] == "rejected"
    assert db.one(READ, asked)["decision_reason"] == "a mistake"


def test_a_requester_who_is_blocked_does_not(
    db: Session, make: Make, tenant: UUID, as_tenant: Acting
) -> None:
    person = make.id("users", tenant, role="user", status="blocked")
    asked = make.id("multisig_approval_requests", tenant, requested_by=person)
    with as_tenant(tenant), db.refused("TK735"):
        db.one(REJECT, asked, person, "a mistake")


def test_an_approved_request_is_ended_by_administrators_alone(
    db: Session, make: Make, tenant: UUID, *, as_tenant: Acting, as_user: Acting
) -> None:
    asked = make.id("multisig_approval_requests", tenant, status="approved", required_rejections=9)
    staff, admin = (make.id("users", tenant, role=role) for role in ("staff", "admin"))
    with as_user(tenant, staff, "staff"), db.refused("TK202"):
        db.one(REJECT, asked, staff, "no")
    with as_tenant(tenant), db.refused("TK202"):
        db.one(REJECT, asked, staff, "no")
    assert db.all(VOTES, asked) == []
    with as_user(tenant, admin, "admin"):
        assert db.one(REJECT, asked, admin, "fraud")["status"] == "rejected"
    assert db.one(READ, asked)["decision_reason"] == "fraud"


@pytest.mark.parametrize("status", ["rejected", "executed", "expired"])
def test_what_is_final_takes_no_rejection(
    db: Session, make: Make, tenant: UUID, *, voters: list[UUID], as_tenant: Acting, status: str
) -> None:
    asked = make.id("multisig_approval_requests", tenant, status=status)
    with as_tenant(tenant), db.refused("TK732"):
        db.one(REJECT, asked, voters[0], "no")


def test_past_its_time_it_takes_none_either(
    db: Session, make: Make, tenant: UUID, *, voters: list[UUID], as_tenant: Acting
) -> None:
    now = datetime.now(UTC)
    past = {"requested_at": now - timedelta(hours=2), "expires_at": now - timedelta(seconds=1)}
    asked = make.id("multisig_approval_requests", tenant, **past)
    with as_tenant(tenant), db.refused("TK733"):
        db.one(REJECT, asked, voters[0], "no")


def test_the_same_person_again_changes_nothing(
    db: Session, tenant: UUID, *, asked: Row, voters: list[UUID], as_tenant: Acting
) -> None:
    with as_tenant(tenant):
        first = db.one(REJECT, asked["id"], voters[0], "no")
        assert db.one(REJECT, asked["id"], voters[0], "still no") == {**first, "is_replay": True}
    assert [v["reason"] for v in db.all(VOTES, asked["id"])] == ["no"]


def test_whoever_approved_does_not_reject(
    db: Session, make: Make, tenant: UUID, *, asked: Row, as_tenant: Acting
) -> None:
    voter = make.row("multisig_approvals", tenant, request_id=asked["id"])["approver_id"]
    with as_tenant(tenant), db.refused("TK736"):
        db.one(REJECT, asked["id"], voter, "no")


def test_who_may_not_vote_does_not_reject(
    db: Session, make: Make, tenant: UUID, *, asked: Row, as_tenant: Acting
) -> None:
    person = make.id("users", tenant, role="user")
    with as_tenant(tenant), db.refused("TK735"):
        db.one(REJECT, asked["id"], person, "no")


def test_nobody_rejects_in_anothers_name(
    db: Session, tenant: UUID, *, asked: Row, voters: list[UUID], as_user: Acting
) -> None:
    with as_user(tenant, voters[0], "staff"):
        with db.refused("TK738"):
            db.one(REJECT, asked["id"], voters[1], "no")
        db.one(REJECT, asked["id"], voters[0], "no")
    with as_user(tenant, voters[1], "staff"), db.refused("TK738"):
        db.one(REJECT, asked["id"], voters[0], "no")


@pytest.mark.parametrize("reason", [None, "", "  "])
def test_a_rejection_says_why(
    db: Session, tenant: UUID, *, asked: Row, voters: list[UUID], as_tenant: Acting, reason: str
) -> None:
    with as_tenant(tenant), db.refused("TK001"):
        db.one(REJECT, asked["id"], voters[0], reason)


def test_a_rejection_has_a_person(db: Session, tenant: UUID, asked: Row, as_tenant: Acting) -> None:
    with as_tenant(tenant), db.refused("TK001"):
        db.one(REJECT, asked["id"], None, "no")


def test_a_request_of_another_tenant_does_not_exist(
    db: Session, make: Make, tenant: UUID, *, other_tenant: UUID, as_tenant: Acting
) -> None:
    theirs = make.id("multisig_approval_requests", other_tenant)
    voter = make.id("users", tenant, role="admin")
    with as_tenant(tenant):
        for unknown in (theirs, uuid4(), None):
            with db.refused("TK731"):
                db.one(REJECT, unknown, voter, "no")


def test_it_needs_a_tenant_and_a_role_that_may(
    db: Session,
    tenant: UUID,
    *,
    asked: Row,
    voters: list[UUID],
    as_worker: Acting,
    as_readonly: Acting,
) -> None:
    with as_worker(), db.refused("TK701"):
        db.one(REJECT, asked["id"], voters[0], "no")
    with as_readonly(tenant), db.refused("42501"):
        db.one(REJECT, asked["id"], voters[0], "no")
    with as_worker(tenant=tenant):
        assert db.one(REJECT, asked["id"], voters[0], "no")["rejections"] == 1


def test_the_last_rejections_at_once_do_not_overlook_each_other(clone: Database) -> None:
    with psycopg.connect(clone.superuser_url) as connection:
        make = Make(Session(connection))
        tenant = make.tenant()
        asked = make.id("multisig_approval_requests", tenant, required_rejections=8)
        voters = [make.id("users", tenant, role="staff") for _ in range(8)]

    def reject(connection: psycopg.Connection, number: int) -> tuple[str, int]:
        answer = Session(connection).one(REJECT, asked, voters[number], "no")
        return answer["status"], answer["rejections"]

    answers = race(clone, "ts_test_app", 8, reject, tenant=tenant)
    assert Counter(answers) == {**{("pending", n): 1 for n in range(1, 8)}, ("rejected", 8): 1}
