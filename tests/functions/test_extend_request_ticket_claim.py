"""extend_request_ticket_claim: a worker that needs longer."""

from __future__ import annotations

from datetime import timedelta
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

CALL = "SELECT * FROM ticketing.extend_request_ticket_claim(%s, %s)"
CALL_WITH = "SELECT * FROM ticketing.extend_request_ticket_claim(%s, %s, %s)"
CLAIM = "SELECT * FROM ticketing.claim_request_tickets(%s)"
RUN_OUT = "UPDATE ticketing.request_tickets SET claimed_until = clock_timestamp() WHERE id = %s"


@pytest.fixture
def request_id(make: Make, tenant: UUID) -> UUID:
    return make.id("request_tickets", tenant)


@pytest.mark.parametrize("role", ["ticketing_app", "ticketing_worker"])
@pytest.mark.parametrize("lease", [timedelta(seconds=1), timedelta(hours=1), timedelta(days=1)])
def test_the_claim_lasts_so_long_from_now_and_is_the_same_one(
    db: Session, tenant: UUID, *, request_id: UUID, role: str, lease: timedelta
) -> None:
    with db.acting(role, tenant=tenant):
        db.one(CLAIM, "w1")
        before = db.value("SELECT clock_timestamp()")
        row = db.one(CALL_WITH, request_id, 1, lease)
        after = db.value("SELECT clock_timestamp()")
        assert db.one("SELECT * FROM ticketing.request_tickets WHERE id = %s", request_id) == row
    assert before < row["claimed_until"] - lease < after
    assert (row["claimed_by"], row["claim_number"]) == ("w1", 1)


def test_the_default_is_five_minutes(
    db: Session, tenant: UUID, request_id: UUID, as_worker: Acting
) -> None:
    with as_worker(tenant=tenant):
        db.one(CLAIM, "w1")
        left = db.one(CALL, request_id, 1)["claimed_until"] - db.value("SELECT clock_timestamp()")
    assert timedelta(minutes=4) < left < timedelta(minutes=5)


def test_nobody_else_gets_it_meanwhile(
    db: Session, tenant: UUID, request_id: UUID, as_worker: Acting
) -> None:
    with as_worker(tenant=tenant):
        db.one(CLAIM, "w1")
        db.one(CALL, request_id, 1)
        assert db.all(CLAIM, "w2") == []


def test_a_claim_that_ran_out_is_claimed_again_instead(
    db: Session, tenant: UUID, request_id: UUID, as_worker: Acting
) -> None:
    with as_worker(tenant=tenant):
        db.one(CLAIM, "w1")
        db.run(RUN_OUT, request_id)
        with db.refused("TK144"):
            db.one(CALL, request_id, 1)


def test_a_claim_that_is_not_the_last_one_is_over(
    db: Session, tenant: UUID, request_id: UUID, as_worker: Acting
) -> None:
    with as_worker(tenant=tenant):
        with db.refused("TK144"):
            db.one(CALL, request_id, 0)
        db.one(CLAIM, "w1")
        db.run(RUN_OUT, request_id)
        db.one(CLAIM, "w2")
        for number in (1, 3):
            with db.refused("TK144"):
                db.one(CALL, request_id, number)
        assert db.one(CALL, request_id, 2)["claimed_by"] == "w2"


def test_a_worker_learns_that_its_request_was_cancelled(
    db: Session, tenant: UUID, request_id: UUID, as_worker: Acting
) -> None:
    with as_worker(tenant=tenant):
        db.one(CLAIM, "w1")
        db.run("UPDATE ticketing.request_tickets SET state = 'cancelled', cancelled_by = id")
        with db.refused("TK142"):
            db.one(CALL, request_id, 1)


@pytest.mark.parametrize("lease", [None, "0", "-1 s", "999 ms", "1 day 1 us"])
def test_a_lease_out_of_range_is_refused(
    db: Session, tenant: UUID, *, request_id: UUID, as_worker: Acting, lease: str | None
) -> None:
    with as_worker(tenant=tenant):
        db.one(CLAIM, "w1")
        with db.refused("TK001"):
            db.one(CALL_WITH, request_id, 1, lease)


def test_the_claim_must_be_named(
    db: Session, tenant: UUID, request_id: UUID, as_worker: Acting
) -> None:
    with as_worker(tenant=tenant):
        for claimed in (False, True):
            with db.refused("TK001"):
                db.one(CALL, request_id, None)
            if not claimed:
                db.one(CLAIM, "w1")


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
def test_readers_and_strangers_extend_nothing(
    db: Session, tenant: UUID, request_id: UUID, role: str
) -> None:
    with db.acting(role, tenant=tenant), db.refused("42501"):
        db.one(CALL, request_id, 1)


def test_whoever_extends_and_whoever_cancels_at_once_agree_on_the_end(clone: Database) -> None:
    with psycopg.connect(clone.superuser_url) as connection:
        session = Session(connection)
        make = Make(session)
        tenant = make.tenant()
        row = make.id("request_tickets", tenant)
        session.run(
            "UPDATE ticketing.request_tickets"
            " SET claimed_by = 'w1', claimed_until = clock_timestamp() + '1 hour'"
        )

    def act(connection: psycopg.Connection, number: int) -> str:
        if number == 0:
            connection.execute(
                b"SELECT ticketing.cancel_request_ticket(%s, NULL, %s)", [row, uuid4()]
            )
            return "cancelled"
        connection.execute(CALL.encode(), [row, 1])
        return "extended"

    answers = race(clone, "ts_test_worker", 6, act, tenant=tenant)
    assert answers[0] == "cancelled"
    said = {getattr(answer, "sqlstate", answer) for answer in answers[1:]}
    assert said <= {"extended", "TK142"}
    with psycopg.connect(clone.superuser_url) as connection:
        closed = Session(connection).one("SELECT * FROM ticketing.request_tickets")
    assert (closed["state"], closed["claimed_until"]) == ("cancelled", None)
