"""approve_request: one person's yes, and the last one decides."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

import psycopg
import pytest
from psycopg import IsolationLevel

from support.databases import Database
from support.factories import Make, Row
from support.races import race
from support.session import Session

if TYPE_CHECKING:
    from conftest import Acting

APPROVE = "SELECT * FROM ticketing.approve_request(%s, %s, %s)"
SIGNED = "SELECT * FROM ticketing.approve_request(%s, %s, %s, %s, %s)"
READ = "SELECT * FROM ticketing.multisig_approval_requests WHERE id = %s"
VOTES = "SELECT * FROM ticketing.multisig_approvals WHERE request_id = %s"


@pytest.fixture
def asked(make: Make, tenant: UUID) -> Row:
    """A request that two people must approve."""
    return make.row("multisig_approval_requests", tenant)


@pytest.fixture
def voters(make: Make, tenant: UUID) -> list[UUID]:
    return [make.id("users", tenant, role="admin") for _ in range(3)]


def test_the_last_approval_that_is_needed_approves(
    db: Session, tenant: UUID, *, asked: Row, voters: list[UUID], as_tenant: Acting
) -> None:
    with as_tenant(tenant):
        answers = [
            tuple(db.one(APPROVE, asked["id"], voter, asked["operation_hash"]).values())
            for voter in voters[:2]
        ]
        assert answers == [("pending", 1, 2, False), ("approved", 2, 2, False)]
        row = db.one(READ, asked["id"])
        assert row["decided_at"] > asked["requested_at"]
        with db.refused("TK732"):
            db.one(APPROVE, asked["id"], voters[2], asked["operation_hash"])
    assert Counter(v["approver_id"] for v in db.all(VOTES, asked["id"])) == Counter(voters[:2])


def test_people_vote_in_their_own_session_whoever_decides(
    db: Session, tenant: UUID, *, asked: Row, voters: list[UUID], as_user: Acting
) -> None:
    """The rule approves, though no user may set that status; the session stays who it is."""
    for voter in voters[:2]:
        with as_user(tenant, voter, "staff", actor="user"):
            answer = db.one(APPROVE, asked["id"], voter, asked["operation_hash"])
            assert db.value("SELECT ticketing.current_actor_type()") == "user"
    assert answer["status"] == "approved"


def test_nobody_votes_in_anothers_name(
    db: Session, tenant: UUID, *, asked: Row, voters: list[UUID], as_user: Acting
) -> None:
    with as_user(tenant, voters[0], "admin"):
        with db.refused("TK738"):
            db.one(APPROVE, asked["id"], voters[1], asked["operation_hash"])
        db.one(APPROVE, asked["id"], voters[0], asked["operation_hash"])
    with as_user(tenant, voters[1], "admin"), db.refused("TK738"):
        # Not as a replay either.
        db.one(APPROVE, asked["id"], voters[0], asked["operation_hash"])


def test_nobody_approves_their_own_request(
    db: Session, tenant: UUID, *, make: Make, as_tenant: Acting
) -> None:
    admin = make.id("users", tenant, role="superadmin")
    asked = make.row("multisig_approval_requests", tenant, requested_by=admin)
    with as_tenant(tenant), db.refused("TK734"):
        db.one(APPROVE, asked["id"], admin, asked["operation_hash"])
    assert db.all(VOTES, asked["id"]) == []


def test_the_same_vote_again_changes_nothing(
    db: Session, tenant: UUID, *, asked: Row, voters: list[UUID], as_tenant: Acting
) -> None:
    with as_tenant(tenant):
        for voter, times in ((voters[0], 2), (voters[1], 1)):
            answers = [
                db.one(APPROVE, asked["id"], voter, asked["operation_hash"]) for _ in range(times)
            ]
            assert [a["is_replay"] for a in answers] == [False, True][:times]
            assert len({a["approvals"] for a in answers}) == 1
        # Also once it is decided.
        assert db.one(APPROVE, asked["id"], voters[0], asked["operation_hash"]) == {
            "status": "approved",
            "approvals": 2,
            "required_approvals": 2,
            "is_replay": True,
        }
    assert len(db.all(VOTES, asked["id"])) == 2


def test_whoever_rejected_does_not_approve(
    db: Session, make: Make, tenant: UUID, *, voters: list[UUID], as_tenant: Acting
) -> None:
    asked = make.row("multisig_approval_requests", tenant, required_rejections=2)
    make.row("multisig_rejections", tenant, request_id=asked["id"], rejecter_id=voters[0])
    with as_tenant(tenant), db.refused("TK736"):
        db.one(APPROVE, asked["id"], voters[0], asked["operation_hash"])


@pytest.mark.parametrize("role", ["user", "scanner"])
def test_who_is_no_approver_is_refused(
    db: Session, make: Make, tenant: UUID, *, asked: Row, as_tenant: Acting, role: str
) -> None:
    person = make.id("users", tenant, role=role)
    with as_tenant(tenant), db.refused("TK735"):
        db.one(APPROVE, asked["id"], person, asked["operation_hash"])


def test_another_operation_is_refused(
    db: Session, tenant: UUID, *, asked: Row, voters: list[UUID], as_tenant: Acting
) -> None:
    with as_tenant(tenant):
        with db.refused("TK737"):
            db.one(APPROVE, asked["id"], voters[0], "0" * 64)
        db.one(APPROVE, asked["id"], voters[0], asked["operation_hash"])
        # A replay is of the same operation, or it is none.
        with db.refused("TK737"):
            db.one(APPROVE, asked["id"], voters[0], "0" * 64)


def test_past_its_time_it_takes_no_vote(
    db: Session, make: Make, tenant: UUID, *, voters: list[UUID], as_tenant: Acting
) -> None:
    now = datetime.now(UTC)
    past = {"requested_at": now - timedelta(hours=2), "expires_at": now - timedelta(seconds=1)}
    asked = make.row("multisig_approval_requests", tenant, **past)
    with as_tenant(tenant), db.refused("TK733"):
        db.one(APPROVE, asked["id"], voters[0], asked["operation_hash"])


@pytest.mark.parametrize("status", ["approved", "rejected", "executed", "expired"])
def test_decided_it_takes_no_vote(
    db: Session, make: Make, tenant: UUID, *, voters: list[UUID], as_tenant: Acting, status: str
) -> None:
    asked = make.row("multisig_approval_requests", tenant, status=status)
    with as_tenant(tenant), db.refused("TK732"):
        db.one(APPROVE, asked["id"], voters[0], asked["operation_hash"])


def test_a_vote_of_somebody_who_lost_the_role_is_not_counted(
    db: Session, tenant: UUID, *, asked: Row, voters: list[UUID], as_tenant: Acting
) -> None:
    statuses = []
    for number, voter in enumerate(voters):
        with as_tenant(tenant):
            answer = db.one(APPROVE, asked["id"], voter, asked["operation_hash"])
        statuses.append((answer["status"], answer["approvals"]))
        if number == 0:
            db.run("UPDATE ticketing.users SET role = 'user' WHERE id = %s", voter)
    assert statuses == [("pending", 1), ("pending", 1), ("approved", 2)]


def test_a_signature_is_kept(
    db: Session, tenant: UUID, *, asked: Row, voters: list[UUID], as_tenant: Acting
) -> None:
    with as_tenant(tenant):
        db.one(SIGNED, asked["id"], voters[0], asked["operation_hash"], "c2ln", "ed25519")
    vote = db.one(VOTES, asked["id"])
    assert (vote["signature"], vote["signature_algorithm"]) == ("c2ln", "ed25519")
    assert (vote["approver_role"], vote["operation_hash"]) == ("admin", asked["operation_hash"])


def test_a_request_of_another_tenant_does_not_exist(
    db: Session, make: Make, tenant: UUID, *, other_tenant: UUID, as_tenant: Acting
) -> None:
    theirs = make.row("multisig_approval_requests", other_tenant)
    voter = make.id("users", tenant, role="admin")
    with as_tenant(tenant):
        for unknown in (theirs["id"], uuid4(), None):
            with db.refused("TK731"):
                db.one(APPROVE, unknown, voter, theirs["operation_hash"])


@pytest.mark.parametrize(
    "given",
    [
        {"approver": None},
        {"hash": None},
        {"signature": "c2ln", "algorithm": None},
        {"signature": None, "algorithm": "ed25519"},
    ],
)
def test_what_is_missing_is_refused(
    db: Session, tenant: UUID, *, asked: Row, voters: list[UUID], as_tenant: Acting, given: Row
) -> None:
    call: dict[str, Any] = {
        "request": asked["id"],
        "approver": voters[0],
        "hash": asked["operation_hash"],
        "signature": None,
        "algorithm": None,
        **given,
    }
    with as_tenant(tenant), db.refused("TK001"):
        db.one(SIGNED, *call.values())


def test_it_needs_a_tenant_and_a_role_that_may(
    db: Session,
    tenant: UUID,
    *,
    asked: Row,
    voters: list[UUID],
    as_worker: Acting,
    as_readonly: Acting,
) -> None:
    call = (asked["id"], voters[0], asked["operation_hash"])
    with as_worker(), db.refused("TK701"):
        db.one(APPROVE, *call)
    with as_readonly(tenant), db.refused("42501"):
        db.one(APPROVE, *call)
    with as_worker(tenant=tenant):
        assert db.one(APPROVE, *call)["approvals"] == 1


# --- at once ---


def begun(clone: Database, people: int, **given: Any) -> tuple[Row, list[UUID]]:
    """Returns a committed request and people who may vote on it."""
    with psycopg.connect(clone.superuser_url) as connection:
        make = Make(Session(connection))
        tenant = make.tenant()
        asked = make.row("multisig_approval_requests", tenant, **given)
        return asked, [make.id("users", tenant, role="admin") for _ in range(people)]


@pytest.mark.parametrize(("people", "needed"), [(10, 10), (10, 3), (2, 2)])
def test_the_last_votes_at_once_do_not_overlook_each_other(
    clone: Database, people: int, needed: int
) -> None:
    asked, voters = begun(clone, people, required_approvals=needed)

    def approve(connection: psycopg.Connection, number: int) -> tuple[str, int]:
        call = (asked["id"], voters[number], asked["operation_hash"])
        answer = Session(connection).one(APPROVE, *call)
        return answer["status"], answer["approvals"]

    answers = race(clone, "ts_test_app", people, approve, tenant=asked["tenant_id"])
    got = Counter(a.sqlstate if isinstance(a, psycopg.Error) else a for a in answers)
    expected: Counter[Any] = Counter({("pending", n): 1 for n in range(1, needed)})
    expected["approved", needed] = 1
    expected["TK732"] = people - needed
    assert got == +expected
    with psycopg.connect(clone.superuser_url) as connection:
        db = Session(connection)
        assert db.one(READ, asked["id"])["status"] == "approved"
        assert len(db.all(VOTES, asked["id"])) == needed


def test_one_vote_sent_many_times_at_once_counts_once(clone: Database) -> None:
    asked, (voter,) = begun(clone, 1)

    def approve(connection: psycopg.Connection, _number: int) -> tuple[int, bool]:
        answer = Session(connection).one(APPROVE, asked["id"], voter, asked["operation_hash"])
        return answer["approvals"], answer["is_replay"]

    answers = race(clone, "ts_test_app", 10, approve, tenant=asked["tenant_id"])
    assert Counter(answers) == {(1, False): 1, (1, True): 9}


def test_approval_and_rejection_at_once_leave_one_decision(clone: Database) -> None:
    asked, voters = begun(clone, 6, required_approvals=1, required_rejections=1)

    def vote(connection: psycopg.Connection, number: int) -> str:
        db = Session(connection)
        if number % 2:
            call = (asked["id"], voters[number], asked["operation_hash"])
            return str(db.one(APPROVE, *call)["status"])
        reject = "SELECT * FROM ticketing.reject_request(%s, %s, 'no')"
        return str(db.one(reject, asked["id"], voters[number])["status"])

    # As users: an administrator's rejection would be a veto after the approval.
    answers = race(clone, "ts_test_app", 6, vote, tenant=asked["tenant_id"], actor="user")
    decided = [a for a in answers if isinstance(a, str)]
    assert len(decided) == 1
    refused = {a.sqlstate for a in answers if isinstance(a, psycopg.Error)}
    assert refused <= {"TK732", "TK202"}
    with psycopg.connect(clone.superuser_url) as connection:
        assert Session(connection).one(READ, asked["id"])["status"] == decided[0]


def test_a_snapshot_older_than_a_vote_fails_instead_of_counting_without_it(
    clone: Database,
) -> None:
    asked, voters = begun(clone, 2)
    enter = "SELECT set_config('app.current_tenant_id', %s, TRUE)"
    with (
        psycopg.connect(clone.url("ts_test_app")) as early,
        psycopg.connect(clone.url("ts_test_app")) as late,
    ):
        late.isolation_level = IsolationLevel.REPEATABLE_READ
        for connection in (early, late):
            connection.execute(enter, [str(asked["tenant_id"])])
        assert Session(late).one(READ, asked["id"])["status"] == "pending"
        Session(early).one(APPROVE, asked["id"], voters[0], asked["operation_hash"])
        early.commit()
        with Session(late).refused("40001"):
            Session(late).one(APPROVE, asked["id"], voters[1], asked["operation_hash"])
