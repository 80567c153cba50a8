"""complete_request_ticket: the work is done."""

from __future__ import annotations

from collections import Counter
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

CALL = "SELECT * FROM ticketing.complete_request_ticket(%s)"
CALL_WITH = "SELECT * FROM ticketing.complete_request_ticket(%s, %s)"
CALL_AT = "SELECT * FROM ticketing.complete_request_ticket(%s, p_expected_version => %s)"
CLAIM = "SELECT * FROM ticketing.claim_request_tickets(%s)"
READ = "SELECT * FROM ticketing.request_tickets WHERE id = %s"
EVENTS = "SELECT * FROM ticketing.audit_events WHERE ticket_id = %s ORDER BY seq"
RUN_OUT = "UPDATE ticketing.request_tickets SET claimed_until = clock_timestamp() WHERE id = %s"


@pytest.fixture
def request_id(make: Make, tenant: UUID) -> UUID:
    return make.id("request_tickets", tenant)


@pytest.mark.parametrize("role", ["ticketing_app", "ticketing_worker"])
def test_it_completes_and_returns_the_request_and_leaves_an_event(
    db: Session, tenant: UUID, request_id: UUID, role: str
) -> None:
    before = db.value("SELECT clock_timestamp()")
    with db.acting(role, tenant=tenant):
        row = db.one(CALL, request_id)
        assert db.one(READ, request_id) == row
        event = db.all(EVENTS, request_id)[-1]
    assert (row["state"], row["version"]) == ("completed", 2)
    assert row["completed_at"] > before
    assert event["event_type"] == "ticket_state_changed"
    assert event["data"] == {
        "ticket_id": str(request_id),
        "previous_state": "pending",
        "new_state": "completed",
    }


def test_a_worker_completes_what_it_claimed(
    db: Session, tenant: UUID, request_id: UUID, as_worker: Acting
) -> None:
    with as_worker(tenant=tenant):
        claim = db.one(CLAIM, "w1")
        row = db.one(CALL_WITH, request_id, claim["claim_number"])
        event = db.all(EVENTS, request_id)[-1]
    assert (row["state"], row["claimed_by"], row["claim_number"]) == ("completed", None, 1)
    assert (event["data"]["claimed_by"], event["data"]["claim_number"]) == ("w1", 1)


def test_nobody_completes_what_somebody_else_is_working_on(
    db: Session, tenant: UUID, request_id: UUID, as_worker: Acting
) -> None:
    with as_worker(tenant=tenant):
        db.one(CLAIM, "w1")
        for number in (None, 0, 2):
            with db.refused("TK144"):
                db.one(CALL_WITH, request_id, number)
        assert db.one(READ, request_id)["state"] == "pending"


def test_a_worker_that_was_thought_dead_completes_unless_another_took_over(
    db: Session, tenant: UUID, request_id: UUID, as_worker: Acting
) -> None:
    with as_worker(tenant=tenant):
        db.one(CLAIM, "w1")
        db.run(RUN_OUT, request_id)
        with db.connection.transaction(force_rollback=True):
            assert db.one(CALL_WITH, request_id, 1)["state"] == "completed"
        db.one(CLAIM, "w2")
        with db.refused("TK144"):
            db.one(CALL_WITH, request_id, 1)
        assert db.one(CALL_WITH, request_id, 2)["state"] == "completed"


@pytest.mark.parametrize("state", ["completed", "failed", "cancelled"])
def test_a_closed_request_cannot_be_completed(
    db: Session, tenant: UUID, *, request_id: UUID, as_tenant: Acting, state: str
) -> None:
    with as_tenant(tenant, reason="over"):
        db.run(
            "UPDATE ticketing.request_tickets SET state = %s, cancelled_by = %s WHERE id = %s",
            *(state, request_id if state == "cancelled" else None, request_id),
        )
        with db.refused("TK142"):
            db.one(CALL, request_id)


def test_another_version_than_the_expected_is_refused(
    db: Session, tenant: UUID, request_id: UUID, as_tenant: Acting
) -> None:
    with as_tenant(tenant):
        with db.refused("TK143"):
            db.one(CALL_AT, request_id, 2)
        assert db.one(CALL_AT, request_id, 1)["state"] == "completed"


def test_a_customer_completes_its_own_alone(
    db: Session, make: Make, tenant: UUID, *, request_id: UUID, as_user: Acting
) -> None:
    with as_user(tenant, make.id("users", tenant)), db.refused("TK145"):
        db.one(CALL, request_id)


def test_an_unknown_request_and_another_tenants_are_not_found(
    db: Session, tenant: UUID, *, other_tenant: UUID, request_id: UUID, as_tenant: Acting
) -> None:
    for context, wanted in ((tenant, uuid4()), (tenant, None), (other_tenant, request_id)):
        with as_tenant(context), db.refused("TK141"):
            db.one(CALL, wanted)


def test_without_a_tenant_it_is_refused(db: Session, request_id: UUID) -> None:
    with db.acting("ticketing_worker"), db.refused("TK701"):
        db.one(CALL, request_id)


@pytest.mark.parametrize("role", ["ticketing_readonly", "ts_test_nobody"])
def test_readers_and_strangers_complete_nothing(
    db: Session, tenant: UUID, request_id: UUID, role: str
) -> None:
    with db.acting(role, tenant=tenant), db.refused("42501"):
        db.one(CALL, request_id)


def test_of_completions_failures_and_cancellations_that_meet_one_wins(clone: Database) -> None:
    with psycopg.connect(clone.superuser_url) as connection:
        make = Make(Session(connection))
        tenant = make.tenant()
        row = make.id("request_tickets", tenant)
    calls = (
        "SELECT state FROM ticketing.complete_request_ticket(%s)",
        "SELECT state FROM ticketing.fail_request_ticket(%s, 'no seeders')",
        f"SELECT state FROM ticketing.cancel_request_ticket(%s, NULL, '{uuid4()}')",
    )

    def close(connection: psycopg.Connection, number: int) -> str:
        found = connection.execute(calls[number % 3].encode(), [row]).fetchone()
        assert found is not None
        return str(found[0])

    answers = race(clone, "ts_test_app", 9, close, tenant=tenant)
    outcome = Counter(getattr(answer, "sqlstate", answer) for answer in answers)
    assert outcome.pop("TK142") == 8
    (state,) = outcome
    with psycopg.connect(clone.superuser_url) as connection:
        session = Session(connection)
        assert session.one(READ, row)["state"] == state
        assert len(session.all(EVENTS, row)) == 2
