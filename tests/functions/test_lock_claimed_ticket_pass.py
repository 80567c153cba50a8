"""lock_claimed_ticket_pass: only the last claim speaks for a pass."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

import psycopg
import pytest

from support.databases import Database
from support.factories import Make, Row
from support.passes import RUN_OUT, bring, claim, fail, produce, send
from support.races import in_turn
from support.session import Session

if TYPE_CHECKING:
    from conftest import Acting

LOCK = "SELECT * FROM ticketing.lock_claimed_ticket_pass(%s, %s)"
ANSWERED = "SELECT * FROM ticketing.lock_claimed_ticket_pass(%s, %s, %s)"


@pytest.fixture
def row(db: Session, make: Make, tenant: UUID) -> Row:
    return bring(db, tenant, make.row("ticket_passes", tenant), "claimed")


def test_the_worker_of_the_last_claim_gets_the_row(
    db: Session, tenant: UUID, row: Row, as_worker: Acting
) -> None:
    with as_worker(tenant=tenant):
        assert db.one(LOCK, row["id"], 1) == row


def test_a_claim_that_ran_out_is_good_while_nobody_has_claimed_since(
    db: Session, tenant: UUID, row: Row, as_worker: Acting
) -> None:
    with as_worker(tenant=tenant):
        db.run(RUN_OUT, row["id"])
        assert db.one(LOCK, row["id"], 1)["id"] == row["id"]
        claim(db, "w2")
        with db.refused("TK744"):
            db.one(LOCK, row["id"], 1)
        assert db.one(LOCK, row["id"], 2)["claimed_by"] == "w2"


@pytest.mark.parametrize("number", [0, 2])
def test_another_number_is_refused(
    db: Session, tenant: UUID, *, row: Row, as_worker: Acting, number: int
) -> None:
    with as_worker(tenant=tenant), db.refused("TK744"):
        db.one(LOCK, row["id"], number)


def test_a_number_is_needed(db: Session, tenant: UUID, row: Row, as_worker: Acting) -> None:
    with as_worker(tenant=tenant), db.refused("TK001"):
        db.one(LOCK, row["id"], None)


def test_a_pass_that_was_never_claimed_is_nobodys(
    db: Session, make: Make, tenant: UUID, as_worker: Acting
) -> None:
    fresh = make.id("ticket_passes", tenant)
    with as_worker(tenant=tenant), db.refused("TK744"):
        db.one(LOCK, fresh, 0)


@pytest.mark.parametrize("answer", ["produced", "failed", "sent"])
def test_an_answered_claim_may_be_answered_the_same_way_again(
    db: Session, tenant: UUID, *, row: Row, as_worker: Acting, answer: str
) -> None:
    with as_worker(tenant=tenant):
        if answer == "failed":
            fail(db, row)
        else:
            produce(db, row)
        if answer == "sent":
            row = claim(db, step="send")
            send(db, row)
        assert db.one(ANSWERED, row["id"], row["claim_number"], answer)["status"] == answer
        for other in {"produced", "failed", "sent"} - {answer}:
            with db.refused("TK744"):
                db.one(ANSWERED, row["id"], row["claim_number"], other)
        with db.refused("TK744"):
            db.one(LOCK, row["id"], row["claim_number"])


def test_who_comes_second_waits_for_the_first(clone: Database) -> None:
    with psycopg.connect(clone.superuser_url) as connection:
        db = Session(connection)
        make = Make(db)
        tenant = make.tenant()
        row = bring(db, tenant, make.row("ticket_passes", tenant), "claimed")
    lock = LOCK.encode()

    def act(connection: psycopg.Connection) -> int:
        return connection.execute(lock, [row["id"], 1]).rowcount

    assert in_turn(clone, "ts_test_worker", act, act, tenant=tenant) == (1, 1, True)
