"""fail_request_ticket: the work is given up, and why."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID, uuid4

import pytest

from support.factories import Make
from support.session import Session

if TYPE_CHECKING:
    from conftest import Acting

CALL = "SELECT * FROM ticketing.fail_request_ticket(%s, %s)"
CALL_WITH = "SELECT * FROM ticketing.fail_request_ticket(%s, %s, %s)"
CALL_AT = "SELECT * FROM ticketing.fail_request_ticket(%s, %s, p_expected_version => %s)"
CLAIM = "SELECT * FROM ticketing.claim_request_tickets(%s)"
READ = "SELECT * FROM ticketing.request_tickets WHERE id = %s"
EVENTS = "SELECT * FROM ticketing.audit_events WHERE ticket_id = %s ORDER BY seq"
RUN_OUT = "UPDATE ticketing.request_tickets SET claimed_until = clock_timestamp() WHERE id = %s"


@pytest.fixture
def request_id(make: Make, tenant: UUID) -> UUID:
    return make.id("request_tickets", tenant)


@pytest.mark.parametrize("role", ["ticketing_app", "ticketing_worker"])
def test_it_fails_and_returns_the_request_and_leaves_an_event(
    db: Session, tenant: UUID, request_id: UUID, role: str
) -> None:
    before = db.value("SELECT clock_timestamp()")
    with db.acting(role, tenant=tenant, reason="something else"):
        row = db.one(CALL, request_id, "no seeders")
        assert db.one(READ, request_id) == row
        event = db.all(EVENTS, request_id)[-1]
    assert (row["state"], row["error"], row["version"]) == ("failed", "no seeders", 2)
    assert row["failed_at"] > before
    assert event["event_type"] == "ticket_state_changed"
    assert event["data"] == {
        "ticket_id": str(request_id),
        "previous_state": "pending",
        "new_state": "failed",
        "error": "no seeders",
    }


@pytest.mark.parametrize("error", [None, "", "  "])
def test_it_needs_an_error_of_its_own(
    db: Session, tenant: UUID, *, request_id: UUID, as_tenant: Acting, error: str | None
) -> None:
    with as_tenant(tenant, reason="something else"), db.refused("TK001"):
        db.one(CALL, request_id, error)


def test_a_worker_fails_what_it_claimed_and_nobody_else_does(
    db: Session, tenant: UUID, request_id: UUID, as_worker: Acting
) -> None:
    with as_worker(tenant=tenant):
        db.one(CLAIM, "w1")
        for number in (None, 0, 2):
            with db.refused("TK144"):
                db.one(CALL_WITH, request_id, "no seeders", number)
        assert db.one(CALL_WITH, request_id, "no seeders", 1)["state"] == "failed"
        assert db.all(EVENTS, request_id)[-1]["data"]["claimed_by"] == "w1"


def test_a_worker_that_was_thought_dead_does_not_fail_what_another_works_on(
    db: Session, tenant: UUID, request_id: UUID, as_worker: Acting
) -> None:
    with as_worker(tenant=tenant):
        db.one(CLAIM, "w1")
        db.run(RUN_OUT, request_id)
        db.one(CLAIM, "w2")
        with db.refused("TK144"):
            db.one(CALL_WITH, request_id, "timed out", 1)
        assert db.one(READ, request_id)["state"] == "pending"


@pytest.mark.parametrize("state", ["completed", "failed", "cancelled"])
def test_a_closed_request_cannot_fail(
    db: Session, tenant: UUID, *, request_id: UUID, as_tenant: Acting, state: str
) -> None:
    with as_tenant(tenant, reason="over"):
        db.run(
            "UPDATE ticketing.request_tickets SET state = %s, cancelled_by = %s WHERE id = %s",
            *(state, request_id if state == "cancelled" else None, request_id),
        )
        with db.refused("TK142"):
            db.one(CALL, request_id, "no seeders")


def test_another_version_than_the_expected_is_refused(
    db: Session, tenant: UUID, request_id: UUID, as_tenant: Acting
) -> None:
    with as_tenant(tenant):
        with db.refused("TK143"):
            db.one(CALL_AT, request_id, "no seeders", 2)
        assert db.one(CALL_AT, request_id, "no seeders", 1)["state"] == "failed"


def test_a_customer_fails_its_own_alone(
    db: Session, make: Make, tenant: UUID, *, request_id: UUID, as_user: Acting
) -> None:
    with as_user(tenant, make.id("users", tenant)), db.refused("TK145"):
        db.one(CALL, request_id, "no seeders")


def test_an_unknown_request_and_another_tenants_are_not_found(
    db: Session, tenant: UUID, *, other_tenant: UUID, request_id: UUID, as_tenant: Acting
) -> None:
    for context, wanted in ((tenant, uuid4()), (tenant, None), (other_tenant, request_id)):
        with as_tenant(context), db.refused("TK141"):
            db.one(CALL, wanted, "no seeders")


def test_without_a_tenant_it_is_refused(db: Session, request_id: UUID) -> None:
    with db.acting("ticketing_worker"), db.refused("TK701"):
        db.one(CALL, request_id, "no seeders")


@pytest.mark.parametrize("role", ["ticketing_readonly", "ts_test_nobody"])
def test_readers_and_strangers_fail_nothing(
    db: Session, tenant: UUID, request_id: UUID, role: str
) -> None:
    with db.acting(role, tenant=tenant), db.refused("42501"):
        db.one(CALL, request_id, "no seeders")
