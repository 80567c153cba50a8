"""execute_request: what was approved is handed out, once."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from uuid import UUID, uuid4

import psycopg
import pytest
from psycopg.types.json import Jsonb

from support.databases import Database
from support.factories import Make, Row
from support.races import race
from support.session import Session

if TYPE_CHECKING:
    from conftest import Acting

EXECUTE = "SELECT * FROM ticketing.execute_request(%s, %s, %s)"
REPORTING = "SELECT * FROM ticketing.execute_request(%s, %s, %s, %s)"
READ = "SELECT * FROM ticketing.multisig_approval_requests WHERE id = %s"


def approved(make: Make, tenant: UUID, **given: object) -> Row:
    """Returns a request that two people have approved."""
    asked = make.id("multisig_approval_requests", tenant, **given)
    for _ in range(2):
        make.row("multisig_approvals", tenant, request_id=asked)
    return make.session.one(READ, asked)


@pytest.fixture
def asked(make: Make, tenant: UUID) -> Row:
    return approved(make, tenant)


def test_the_operation_is_handed_out_and_the_request_executed(
    db: Session, tenant: UUID, asked: Row, as_tenant: Acting
) -> None:
    with as_tenant(tenant):
        answer = db.one(EXECUTE, asked["id"], asked["requested_by"], asked["operation_hash"])
        row = db.one(READ, asked["id"])
    assert answer == {
        "operation_type": asked["operation_type"],
        "operation_data": asked["operation_data"],
        "executed_at": row["executed_at"],
    }
    assert (row["status"], row["executed_by"]) == ("executed", asked["requested_by"])
    assert row["executed_at"] > row["decided_at"]
    assert row["execution_result"] is None


def test_a_second_time_is_refused(db: Session, tenant: UUID, asked: Row, as_tenant: Acting) -> None:
    with as_tenant(tenant):
        call = (asked["id"], asked["requested_by"], asked["operation_hash"])
        db.one(EXECUTE, *call)
        before = db.one(READ, asked["id"])
        with db.refused("TK732"):
            db.one(EXECUTE, *call)
        assert db.one(READ, asked["id"]) == before


def test_a_result_comes_with_it_or_once_afterwards(
    db: Session, make: Make, tenant: UUID, as_tenant: Acting
) -> None:
    now, later = approved(make, tenant), approved(make, tenant)
    result = {"refund": "r-1"}
    add = "UPDATE ticketing.multisig_approval_requests SET execution_result = %s WHERE id = %s"
    with as_tenant(tenant):
        call = (now["id"], now["requested_by"], now["operation_hash"])
        db.one(REPORTING, *call, Jsonb(result))
        db.one(EXECUTE, later["id"], later["requested_by"], later["operation_hash"])
        assert db.run(add, Jsonb(result), later["id"]) == 1
        for row in (now, later):
            assert db.one(READ, row["id"])["execution_result"] == result
            with db.refused("TK002"):
                db.run(add, Jsonb({"refund": "r-2"}), row["id"])


@pytest.mark.parametrize("role", ["staff", "venue_owner", "admin", "superadmin"])
def test_an_approver_may_execute(
    db: Session, make: Make, tenant: UUID, *, asked: Row, as_tenant: Acting, role: str
) -> None:
    person = make.id("users", tenant, role=role)
    with as_tenant(tenant):
        db.one(EXECUTE, asked["id"], person, asked["operation_hash"])


@pytest.mark.parametrize(
    "given", [{"role": "user"}, {"role": "scanner"}, {"role": "admin", "status": "blocked"}]
)
def test_others_may_not(
    db: Session, make: Make, tenant: UUID, *, asked: Row, as_tenant: Acting, given: Row
) -> None:
    person = make.id("users", tenant, **given)
    with as_tenant(tenant):
        for nobody in (person, uuid4()):
            with db.refused("TK735"):
                db.one(EXECUTE, asked["id"], nobody, asked["operation_hash"])


def test_nor_a_requester_who_is_blocked(
    db: Session, tenant: UUID, asked: Row, as_tenant: Acting
) -> None:
    db.run("UPDATE ticketing.users SET status = 'blocked' WHERE id = %s", asked["requested_by"])
    with as_tenant(tenant), db.refused("TK735"):
        db.one(EXECUTE, asked["id"], asked["requested_by"], asked["operation_hash"])


def test_nobody_executes_in_anothers_name(
    db: Session, make: Make, tenant: UUID, *, asked: Row, as_user: Acting
) -> None:
    admin = make.id("users", tenant, role="admin")
    with as_user(tenant, admin, "admin"):
        with db.refused("TK738"):
            db.one(EXECUTE, asked["id"], asked["requested_by"], asked["operation_hash"])
        db.one(EXECUTE, asked["id"], admin, asked["operation_hash"])


def test_a_customers_session_does_not_execute(
    db: Session, tenant: UUID, asked: Row, as_user: Acting
) -> None:
    with as_user(tenant, asked["requested_by"]), db.refused("TK202"):
        db.one(EXECUTE, asked["id"], asked["requested_by"], asked["operation_hash"])


def test_another_operation_is_refused(
    db: Session, tenant: UUID, asked: Row, as_tenant: Acting
) -> None:
    with as_tenant(tenant), db.refused("TK737"):
        db.one(EXECUTE, asked["id"], asked["requested_by"], "0" * 64)


@pytest.mark.parametrize("status", ["pending", "rejected", "expired", "executed"])
def test_what_is_not_approved_is_refused(
    db: Session, make: Make, tenant: UUID, as_tenant: Acting, status: str
) -> None:
    asked = make.row("multisig_approval_requests", tenant, status=status)
    with as_tenant(tenant), db.refused("TK732"):
        db.one(EXECUTE, asked["id"], asked["requested_by"], asked["operation_hash"])


@pytest.mark.parametrize("status", ["pending", "approved"])
def test_past_its_time_it_is_refused(
    db: Session, make: Make, tenant: UUID, as_tenant: Acting, status: str
) -> None:
    now = datetime.now(UTC)
    past = {"requested_at": now - timedelta(hours=2), "expires_at": now - timedelta(seconds=1)}
    asked = make.row("multisig_approval_requests", tenant, status=status, **past)
    with as_tenant(tenant), db.refused("TK733"):
        db.one(EXECUTE, asked["id"], asked["requested_by"], asked["operation_hash"])


def test_approvers_who_have_lost_their_role_are_missed(
    db: Session, tenant: UUID, asked: Row, as_tenant: Acting
) -> None:
    approver = db.all(
        "SELECT approver_id FROM ticketing.multisig_approvals WHERE request_id = %s", asked["id"]
    )[0]["approver_id"]
    db.run("UPDATE ticketing.users SET role = 'user' WHERE id = %s", approver)
    with as_tenant(tenant), db.refused("TK739"):
        db.one(EXECUTE, asked["id"], asked["requested_by"], asked["operation_hash"])
    db.run("UPDATE ticketing.users SET role = 'staff' WHERE id = %s", approver)
    with as_tenant(tenant):
        db.one(EXECUTE, asked["id"], asked["requested_by"], asked["operation_hash"])


def test_a_request_of_another_tenant_does_not_exist(
    db: Session, make: Make, tenant: UUID, other_tenant: UUID, as_tenant: Acting
) -> None:
    theirs = approved(make, other_tenant)
    with as_tenant(tenant):
        for unknown in (theirs["id"], uuid4(), None):
            with db.refused("TK731"):
                db.one(EXECUTE, unknown, theirs["requested_by"], theirs["operation_hash"])


@pytest.mark.parametrize("missing", ["person", "hash"])
def test_what_is_missing_is_refused(
    db: Session, tenant: UUID, asked: Row, as_tenant: Acting, missing: str
) -> None:
    call = {"person": asked["requested_by"], "hash": asked["operation_hash"], missing: None}
    with as_tenant(tenant), db.refused("TK001"):
        db.one(EXECUTE, asked["id"], *call.values())


def test_it_needs_a_tenant_and_a_role_that_may(
    db: Session, tenant: UUID, asked: Row, as_worker: Acting, as_readonly: Acting
) -> None:
    call = (asked["id"], asked["requested_by"], asked["operation_hash"])
    with as_worker(), db.refused("TK701"):
        db.one(EXECUTE, *call)
    with as_readonly(tenant), db.refused("42501"):
        db.one(EXECUTE, *call)
    with as_worker(tenant=tenant):
        db.one(EXECUTE, *call)


# --- at once ---


@pytest.fixture
def committed(clone: Database) -> Row:
    with psycopg.connect(clone.superuser_url) as connection:
        make = Make(Session(connection))
        return approved(make, make.tenant())


@pytest.mark.parametrize("callers", [2, 10])
def test_of_executors_at_once_one_gets_the_operation(
    clone: Database, committed: Row, callers: int
) -> None:
    def execute(connection: psycopg.Connection, _number: int) -> str:
        call = (committed["id"], committed["requested_by"], committed["operation_hash"])
        return str(Session(connection).one(EXECUTE, *call)["operation_type"])

    answers = race(clone, "ts_test_app", callers, execute, tenant=committed["tenant_id"])
    got = Counter(a.sqlstate if isinstance(a, psycopg.Error) else a for a in answers)
    assert got == {committed["operation_type"]: 1, "TK732": callers - 1}


def test_what_is_undone_may_be_executed_again(clone: Database, committed: Row) -> None:
    """The work and its execution are one transaction: who waits for a failed one may go on."""
    call = (committed["id"], committed["requested_by"], committed["operation_hash"])
    enter = "SELECT set_config('app.current_tenant_id', %s, TRUE)"
    with psycopg.connect(clone.url("ts_test_app")) as failing:
        failing.execute(enter, [str(committed["tenant_id"])])
        Session(failing).one(EXECUTE, *call)
        failing.rollback()
        failing.execute(enter, [str(committed["tenant_id"])])
        assert Session(failing).one(EXECUTE, *call)["operation_type"]


def test_execution_and_veto_at_once_leave_one_of_them(clone: Database, committed: Row) -> None:
    with psycopg.connect(clone.superuser_url) as connection:
        admin = Make(Session(connection)).id("users", committed["tenant_id"], role="admin")

    def act(connection: psycopg.Connection, number: int) -> str:
        db = Session(connection)
        if number:
            call = (committed["id"], committed["requested_by"], committed["operation_hash"])
            db.one(EXECUTE, *call)
            return "executed"
        reject = "SELECT * FROM ticketing.reject_request(%s, %s, 'veto')"
        return str(db.one(reject, committed["id"], admin)["status"])

    answers = race(clone, "ts_test_app", 2, act, tenant=committed["tenant_id"], actor="admin")
    (decided,) = [a for a in answers if isinstance(a, str)]
    (refused,) = [a for a in answers if isinstance(a, psycopg.Error)]
    assert refused.sqlstate == "TK732"
    with psycopg.connect(clone.superuser_url) as connection:
        assert Session(connection).one(READ, committed["id"])["status"] == decided
