"""retry_ticket_pass: once more from the start, because somebody says so."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING
from uuid import UUID, uuid4

import pytest

from support.factories import Make, Row
from support.names import shown
from support.passes import RUN_OUT, bring, claim, claimed, fail, produce, send
from support.session import Session

if TYPE_CHECKING:
    from conftest import Acting

RETRY = "SELECT * FROM ticketing.retry_ticket_pass(%s)"
FAR = datetime(2100, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("given", "version"),
    [
        ({"status": "pending", "next_attempt_at": FAR, "attempts": 10}, 1),
        ({"status": "failed", "next_attempt_at": FAR, "attempts": 4, "max_attempts": 4}, 1),
        ({"status": "produced", "sending_version": 1}, 2),
        ({"status": "sent"}, 2),
    ],
    ids=shown,
)
def test_it_is_due_now_with_all_its_attempts(
    db: Session, make: Make, tenant: UUID, *, as_worker: Acting, given: Row, version: int
) -> None:
    row = make.id("ticket_passes", tenant, **given)
    with as_worker(tenant=tenant):
        after = db.one(RETRY, row)
        assert (after["status"], after["pass_version"]) == ("pending", version)
        assert (after["attempts"], after["max_attempts"]) == (0, 10)
        assert produce(db, claim(db)) == "produced"
        assert send(db, claim(db, step="send")) == "sent"


def test_a_delivery_whose_end_nobody_knows_is_made_again(
    db: Session, make: Make, tenant: UUID, as_worker: Acting
) -> None:
    row = bring(db, tenant, make.row("ticket_passes", tenant), "sending")
    with as_worker(tenant=tenant):
        with db.refused("TK744"):
            db.one(RETRY, row["id"])
        db.run(RUN_OUT, row["id"])
        after = db.one(RETRY, row["id"])
        assert (after["claimed_by"], after["pass_version"]) == (None, 2)
        with db.refused("TK744"):
            send(db, row)


def test_a_void_pass_that_was_given_up_is_told_again_to_whoever_has_it(
    db: Session, make: Make, tenant: UUID, as_worker: Acting
) -> None:
    row = bring(db, tenant, make.row("ticket_passes", tenant), "sent")
    with as_worker(tenant=tenant):
        db.run("UPDATE ticketing.ticket_passes SET voided_at = now()")
        fail(db, claim(db), give_up=True)
        assert claimed(db) == []
        db.one(RETRY, row["id"])
        assert claim(db)["voided_at"] is not None


def test_a_void_pass_that_nobody_has_is_not_tried(
    db: Session, make: Make, tenant: UUID, as_worker: Acting
) -> None:
    row = make.id("ticket_passes", tenant)
    with as_worker(tenant=tenant):
        db.run("UPDATE ticketing.ticket_passes SET voided_at = now()")
        with db.refused("TK743"):
            db.one(RETRY, row)


@pytest.mark.parametrize("status", ["failed", "sent"])
def test_staff_alone_do_not_but_an_administrator_does(
    db: Session, make: Make, tenant: UUID, *, as_user: Acting, status: str
) -> None:
    user = make.id("users", tenant)
    row = make.id("ticket_passes", tenant, status=status)
    with as_user(tenant, user, user_role="staff"), db.refused("TK202"):
        db.one(RETRY, row)
    with as_user(tenant, user, user_role="admin"):
        assert db.one(RETRY, row)["status"] == "pending"


def test_an_unknown_pass_is_refused(db: Session, tenant: UUID, as_worker: Acting) -> None:
    with as_worker(tenant=tenant):
        for unknown in (uuid4(), None):
            with db.refused("TK740"):
                db.one(RETRY, unknown)
