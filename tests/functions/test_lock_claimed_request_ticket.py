"""lock_claimed_request_ticket: the last claim, or nobody's."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID, uuid4

import pytest

from support.factories import Make
from support.session import Session

if TYPE_CHECKING:
    from conftest import Acting

CALL = "SELECT * FROM ticketing.lock_claimed_request_ticket(%s, %s)"
CALL_WITH = "SELECT * FROM ticketing.lock_claimed_request_ticket(%s, %s, %s)"
CLAIM = """
    UPDATE ticketing.request_tickets
    SET claimed_by = %s, claimed_until = clock_timestamp() + %s::interval
    WHERE id = %s
"""


@pytest.fixture
def request_id(make: Make, tenant: UUID) -> UUID:
    return make.id("request_tickets", tenant)


def claimed(db: Session, row: UUID, *leases: str) -> None:
    """Has it claimed by w1, w2 and so on, for as long as the leases say."""
    for number, lease in enumerate(leases, start=1):
        db.run(CLAIM, f"w{number}", lease, row)


def test_the_last_claim_is_good(
    db: Session, tenant: UUID, request_id: UUID, as_worker: Acting
) -> None:
    claimed(db, request_id, "1 hour")
    with as_worker(tenant=tenant):
        row = db.one(CALL, request_id, 1)
        assert (row["id"], row["claimed_by"]) == (request_id, "w1")
        assert db.one(CALL_WITH, request_id, 1, 2) == row


def test_a_claim_that_ran_out_is_good_while_nobody_took_over(
    db: Session, tenant: UUID, request_id: UUID, as_worker: Acting
) -> None:
    claimed(db, request_id, "-1 ms")
    with as_worker(tenant=tenant):
        assert db.one(CALL, request_id, 1)["claim_number"] == 1


@pytest.mark.parametrize("lease", ["1 hour", "-1 ms"])
@pytest.mark.parametrize("number", [0, 1, 3])
def test_any_other_claim_is_over(
    db: Session, tenant: UUID, *, request_id: UUID, as_worker: Acting, lease: str, number: int
) -> None:
    claimed(db, request_id, "-1 ms", lease)
    with as_worker(tenant=tenant):
        assert db.one(CALL, request_id, 2)["claimed_by"] == "w2"
        with db.refused("TK144"):
            db.one(CALL, request_id, number)


@pytest.mark.parametrize("number", [0, 1])
def test_a_claim_that_was_given_back_is_over(
    db: Session, tenant: UUID, *, request_id: UUID, as_worker: Acting, number: int
) -> None:
    claimed(db, request_id, "1 hour")
    db.run("UPDATE ticketing.request_tickets SET claimed_by = NULL, claimed_until = NULL")
    with as_worker(tenant=tenant), db.refused("TK144"):
        db.one(CALL, request_id, number)


def test_a_request_that_was_never_claimed_has_no_claim_0(
    db: Session, tenant: UUID, request_id: UUID, as_worker: Acting
) -> None:
    with as_worker(tenant=tenant), db.refused("TK144"):
        db.one(CALL, request_id, 0)


def test_without_a_claim_the_request_must_be_free(
    db: Session, tenant: UUID, request_id: UUID, as_tenant: Acting
) -> None:
    with as_tenant(tenant):
        assert db.one(CALL, request_id, None)["claim_number"] == 0
        claimed(db, request_id, "-1 ms")
        assert db.one(CALL, request_id, None)["claim_number"] == 1
        claimed(db, request_id, "1 hour")
        with db.refused("TK144"):
            db.one(CALL, request_id, None)


def test_a_claim_is_over_by_the_clock_and_not_the_transaction(
    db: Session, tenant: UUID, request_id: UUID, as_tenant: Acting
) -> None:
    claimed(db, request_id, "30 ms")
    with as_tenant(tenant):
        with db.refused("TK144"):
            db.one(CALL, request_id, None)
        until = db.one("SELECT claimed_until FROM ticketing.request_tickets")["claimed_until"]
        db.value("SELECT pg_sleep_until(%s)", until)
        assert until > db.value("SELECT now()")
        assert db.one(CALL, request_id, None)["claim_number"] == 1


def test_it_refuses_what_lock_request_ticket_refuses(
    db: Session, tenant: UUID, request_id: UUID, as_worker: Acting
) -> None:
    claimed(db, request_id, "1 hour")
    with db.acting("ticketing_worker"), db.refused("TK701"):
        db.one(CALL, request_id, 1)
    with as_worker(tenant=tenant):
        with db.refused("TK141"):
            db.one(CALL, uuid4(), 1)
        with db.refused("TK143"):
            db.one(CALL_WITH, request_id, 1, 1)
        db.run("UPDATE ticketing.request_tickets SET state = 'completed'")
        with db.refused("TK142"):
            db.one(CALL, request_id, 1)


@pytest.mark.parametrize("role", ["ticketing_readonly", "ts_test_nobody"])
def test_readers_and_strangers_lock_nothing(
    db: Session, tenant: UUID, request_id: UUID, role: str
) -> None:
    with db.acting(role, tenant=tenant), db.refused("42501"):
        db.one(CALL, request_id, 1)
