"""cancel_request_ticket: no longer wanted, by whom and why."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID, uuid4

import psycopg
import pytest

from support.databases import Database
from support.factories import Make
from support.races import race
from support.session import Session

if TYPE_CHECKING:
    from conftest import Acting

CALL = "SELECT * FROM ticketing.cancel_request_ticket(%s, %s, %s)"
CALL_WITH = "SELECT * FROM ticketing.cancel_request_ticket(%s, %s, %s, %s)"
READ = "SELECT * FROM ticketing.request_tickets WHERE id = %s"
EVENTS = "SELECT * FROM ticketing.audit_events WHERE ticket_id = %s ORDER BY seq"


@pytest.fixture
def user(make: Make, tenant: UUID) -> UUID:
    return make.id("users", tenant)


@pytest.fixture
def request_id(make: Make, tenant: UUID, user: UUID) -> UUID:
    return make.id("request_tickets", tenant, created_by=user)


@pytest.mark.parametrize("role", ["ticketing_app", "ticketing_worker"])
def test_it_cancels_and_returns_the_request_and_leaves_an_event(
    db: Session, tenant: UUID, *, user: UUID, request_id: UUID, role: str
) -> None:
    before = db.value("SELECT clock_timestamp()")
    with db.acting(role, tenant=tenant):
        row = db.one(CALL, request_id, "No longer needed", user)
        assert db.one(READ, request_id) == row
        event = db.all(EVENTS, request_id)[-1]
    assert (row["state"], row["cancelled_by"]) == ("cancelled", user)
    assert row["cancel_reason"] == "No longer needed"
    assert row["cancelled_at"] > before
    assert row["version"] == 2
    assert (event["event_type"], event["user_id"]) == ("ticket_cancelled", user)
    assert event["data"] == {
        "ticket_id": str(request_id),
        "cancelled_by": str(user),
        "reason": "No longer needed",
        "previous_state": "pending",
    }


@pytest.mark.parametrize("reason", [None, "", "  "])
def test_the_reason_is_optional(
    db: Session,
    tenant: UUID,
    *,
    user: UUID,
    request_id: UUID,
    as_tenant: Acting,
    reason: str | None,
) -> None:
    with as_tenant(tenant):
        assert db.one(CALL, request_id, reason, user)["cancel_reason"] is None


def test_the_users_own_session_needs_nothing_but_the_id(
    db: Session, tenant: UUID, *, user: UUID, request_id: UUID, as_user: Acting
) -> None:
    with as_user(tenant, user):
        row = db.one("SELECT * FROM ticketing.cancel_request_ticket(%s)", request_id)
    assert (row["state"], row["cancelled_by"], row["cancel_reason"]) == ("cancelled", user, None)


def test_a_customer_cancels_its_own_in_its_own_name(
    db: Session, make: Make, tenant: UUID, *, user: UUID, request_id: UUID, as_user: Acting
) -> None:
    other = make.id("users", tenant)
    with as_user(tenant, other), db.refused("TK145"):
        db.one(CALL, request_id, None, None)
    with as_user(tenant, user), db.refused("TK145"):
        db.one(CALL, request_id, None, other)
    with as_user(tenant, other, user_role="admin"):
        assert db.one(CALL, request_id, None, None)["cancelled_by"] == other


def test_somebody_must_cancel_it(
    db: Session, tenant: UUID, request_id: UUID, as_tenant: Acting
) -> None:
    with as_tenant(tenant), db.refused("TK001") as by:
        db.one(CALL, request_id, None, None)
    assert "p_cancelled_by" in (by.error.diag.message_hint or "")


@pytest.mark.parametrize("state", ["completed", "failed", "cancelled"])
def test_a_closed_request_cannot_be_cancelled(
    db: Session, tenant: UUID, *, user: UUID, request_id: UUID, as_tenant: Acting, state: str
) -> None:
    with as_tenant(tenant, reason="over"):
        db.run(
            "UPDATE ticketing.request_tickets SET state = %s, cancelled_by = %s WHERE id = %s",
            *(state, user if state == "cancelled" else None, request_id),
        )
        before = db.one(READ, request_id)
        with db.refused("TK142") as by:
            db.one(CALL, request_id, "again", user)
        assert state in str(by.error)
        assert db.one(READ, request_id) == before
        assert len(db.all(EVENTS, request_id)) == 2


def test_a_claimed_request_can_be_cancelled_and_its_worker_learns_so(
    db: Session, tenant: UUID, *, user: UUID, request_id: UUID, as_tenant: Acting, as_worker: Acting
) -> None:
    with as_worker(tenant=tenant):
        claim = db.one("SELECT * FROM ticketing.claim_request_tickets('w1')")
    with as_tenant(tenant):
        row = db.one(CALL, request_id, None, user)
    assert (row["claimed_by"], row["claimed_until"]) == (None, None)
    with as_worker(tenant=tenant), db.refused("TK142"):
        db.one(
            "SELECT * FROM ticketing.complete_request_ticket(%s, %s)",
            *(request_id, claim["claim_number"]),
        )


def test_another_version_than_the_expected_is_refused(
    db: Session, tenant: UUID, *, user: UUID, request_id: UUID, as_tenant: Acting
) -> None:
    with as_tenant(tenant):
        db.run("UPDATE ticketing.request_tickets SET priority = 9 WHERE id = %s", request_id)
        with db.refused("TK143"):
            db.one(CALL_WITH, request_id, None, user, 1)
        assert db.one(CALL_WITH, request_id, None, user, 2)["version"] == 3


def test_an_unknown_request_and_another_tenants_are_not_found(
    db: Session,
    tenant: UUID,
    *,
    other_tenant: UUID,
    user: UUID,
    request_id: UUID,
    as_tenant: Acting,
) -> None:
    with as_tenant(tenant), db.refused("TK141"):
        db.one(CALL, uuid4(), None, user)
    with as_tenant(other_tenant), db.refused("TK141"):
        db.one(CALL, request_id, None, user)
    assert db.one(READ, request_id)["state"] == "pending"


def test_without_a_tenant_it_is_refused(db: Session, user: UUID, request_id: UUID) -> None:
    with db.acting("ticketing_app"), db.refused("TK701"):
        db.one(CALL, request_id, None, user)


@pytest.mark.parametrize("role", ["ticketing_readonly", "ts_test_nobody"])
def test_readers_and_strangers_cancel_nothing(
    db: Session, tenant: UUID, *, user: UUID, request_id: UUID, role: str
) -> None:
    with db.acting(role, tenant=tenant), db.refused("42501"):
        db.one(CALL, request_id, None, user)


def test_of_callers_that_meet_one_cancels(clone: Database) -> None:
    with psycopg.connect(clone.superuser_url) as connection:
        make = Make(Session(connection))
        tenant = make.tenant()
        user = make.id("users", tenant)
        row = make.id("request_tickets", tenant, created_by=user)

    def cancel(connection: psycopg.Connection, number: int) -> str:
        connection.execute(CALL.encode(), [row, f"caller {number}", user])
        return "cancelled"

    answers = race(clone, "ts_test_app", 8, cancel, tenant=tenant)
    assert sorted(str(getattr(answer, "sqlstate", answer)) for answer in answers) == [
        *["TK142"] * 7,
        "cancelled",
    ]
    with psycopg.connect(clone.superuser_url) as connection:
        kinds = [event["event_type"] for event in Session(connection).all(EVENTS, row)]
    assert kinds == ["ticket_created", "ticket_cancelled"]
