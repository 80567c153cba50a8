"""release_request_ticket_claim: back to the queue, at once."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID, uuid4

import pytest

from support.factories import Make
from support.session import Session

if TYPE_CHECKING:
    from conftest import Acting

CALL = "SELECT * FROM ticketing.release_request_ticket_claim(%s, %s)"
CLAIM = "SELECT * FROM ticketing.claim_request_tickets(%s)"
RUN_OUT = "UPDATE ticketing.request_tickets SET claimed_until = clock_timestamp() WHERE id = %s"


@pytest.fixture
def request_id(make: Make, tenant: UUID) -> UUID:
    return make.id("request_tickets", tenant, priority=9)


@pytest.mark.parametrize("role", ["ticketing_app", "ticketing_worker"])
def test_the_request_is_the_next_ones_at_its_old_place(
    db: Session, make: Make, tenant: UUID, *, request_id: UUID, role: str
) -> None:
    make.id("request_tickets", tenant, priority=9)
    with db.acting(role, tenant=tenant):
        db.one(CLAIM, "w1")
        row = db.one(CALL, request_id, 1)
        assert db.one("SELECT * FROM ticketing.request_tickets WHERE id = %s", request_id) == row
        again = db.one(CLAIM, "w2")
    assert (row["state"], row["claimed_by"], row["claimed_until"]) == ("pending", None, None)
    assert row["claim_number"] == 1
    assert (again["id"], again["claim_number"]) == (request_id, 2)


def test_it_leaves_an_event(db: Session, tenant: UUID, request_id: UUID, as_worker: Acting) -> None:
    with as_worker(tenant=tenant):
        db.one(CLAIM, "w1")
        db.one(CALL, request_id, 1)
        last = db.all("SELECT * FROM ticketing.audit_events ORDER BY seq")[-1]
    assert last["event_type"] == "ticket_released"
    assert last["data"] == {"ticket_id": str(request_id), "claimed_by": "w1", "claim_number": 1}


def test_a_claim_that_ran_out_may_be_given_back_until_another_takes_over(
    db: Session, tenant: UUID, request_id: UUID, as_worker: Acting
) -> None:
    with as_worker(tenant=tenant):
        db.one(CLAIM, "w1")
        db.run(RUN_OUT, request_id)
        with db.connection.transaction(force_rollback=True):
            assert db.one(CALL, request_id, 1)["claimed_by"] is None
        db.one(CLAIM, "w2")
        with db.refused("TK144"):
            db.one(CALL, request_id, 1)


def test_a_claim_is_given_back_once(
    db: Session, tenant: UUID, request_id: UUID, as_worker: Acting
) -> None:
    with as_worker(tenant=tenant):
        with db.refused("TK144"):
            db.one(CALL, request_id, 0)
        db.one(CLAIM, "w1")
        db.one(CALL, request_id, 1)
        with db.refused("TK144"):
            db.one(CALL, request_id, 1)


def test_the_claim_must_be_named(
    db: Session, tenant: UUID, request_id: UUID, as_worker: Acting
) -> None:
    with as_worker(tenant=tenant), db.refused("TK001"):
        db.one(CALL, request_id, None)


def test_a_closed_request_has_no_claim(
    db: Session, tenant: UUID, request_id: UUID, as_worker: Acting
) -> None:
    with as_worker(tenant=tenant):
        db.one(CLAIM, "w1")
        db.run("UPDATE ticketing.request_tickets SET state = 'completed'")
        with db.refused("TK142"):
            db.one(CALL, request_id, 1)


def test_another_tenants_and_none_at_all_are_not_found(
    db: Session, tenant: UUID, *, other_tenant: UUID, request_id: UUID, as_worker: Acting
) -> None:
    with as_worker(tenant=tenant):
        db.one(CLAIM, "w1")
        with db.refused("TK141"):
            db.one(CALL, uuid4(), 1)
    with as_worker(tenant=other_tenant), db.refused("TK141"):
        db.one(CALL, request_id, 1)
    with as_worker(), db.refused("TK701"):
        db.one(CALL, request_id, 1)


@pytest.mark.parametrize("role", ["ticketing_readonly", "ts_test_nobody"])
def test_readers_and_strangers_give_nothing_back(
    db: Session, tenant: UUID, request_id: UUID, role: str
) -> None:
    with db.acting(role, tenant=tenant), db.refused("42501"):
        db.one(CALL, request_id, 1)
