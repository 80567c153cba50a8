"""mark_ticket_pass_sent: a pass is delivered, and whether what was delivered is still right."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

import pytest
from psycopg.types.json import Jsonb

from support.factories import Make, Row
from support.names import shown
from support.passes import READ, RUN_OUT, bring, claim, claimed, produce, send
from support.session import Session

if TYPE_CHECKING:
    from conftest import Acting

BUMP = "UPDATE ticketing.ticket_passes SET pass_version = pass_version + 1 WHERE id = %s"


@pytest.fixture
def row(db: Session, make: Make, tenant: UUID) -> Row:
    return bring(db, tenant, make.row("ticket_passes", tenant, metadata={"a": 1}), "sending")


def test_it_is_delivered_and_the_claim_is_over(
    db: Session, tenant: UUID, row: Row, as_worker: Acting
) -> None:
    with as_worker(tenant=tenant):
        assert send(db, row, metadata={"message": "m1"}) == "sent"
    after = db.one(READ, row["id"])
    assert (after["status"], after["claimed_by"], after["attempts"]) == ("sent", None, 0)
    assert after["metadata"] == {"a": 1, "message": "m1"}
    assert after["delivered_at"] > row["updated_at"]


def test_said_again_it_is_as_it_was(db: Session, tenant: UUID, row: Row, as_worker: Acting) -> None:
    with as_worker(tenant=tenant):
        send(db, row)
        first = db.one(READ, row["id"])
        assert send(db, row, metadata={"late": 1}) == "sent"
        assert db.one(READ, row["id"]) == first


def test_a_change_meanwhile_is_delivered_as_well(
    db: Session, tenant: UUID, row: Row, as_worker: Acting
) -> None:
    db.run(BUMP, row["id"])
    with as_worker(tenant=tenant):
        assert send(db, row, metadata={"message": "m1"}) == "outdated"
        after = db.one(READ, row["id"])
        assert (after["status"], after["claimed_by"]) == ("pending", None)
        assert after["delivered_at"] is not None
        assert after["metadata"] == {"a": 1, "message": "m1"}
        assert produce(db, claim(db)) == "produced"
        assert send(db, claim(db, step="send")) == "sent"
    assert db.one(READ, row["id"])["delivered_at"] > after["delivered_at"]


def test_a_ticket_that_ended_meanwhile_is_told_to_whoever_got_the_pass(
    db: Session, tenant: UUID, row: Row, as_worker: Acting
) -> None:
    with db.saying(actor="admin", reason="fraud"):
        db.run("UPDATE ticketing.tickets SET status = 'revoked' WHERE id = %s", row["ticket_id"])
    with as_worker(tenant=tenant):
        assert send(db, row) == "outdated"
        again = claim(db)
        assert again["voided_at"] is not None
        assert produce(db, again) == "produced"
        assert send(db, claim(db, step="send")) == "sent"
        assert claimed(db) == []


def test_the_answer_of_a_slow_worker_counts(
    db: Session, tenant: UUID, row: Row, as_worker: Acting
) -> None:
    with as_worker(tenant=tenant):
        db.run(RUN_OUT, row["id"])
        assert send(db, row) == "sent"


def test_what_is_not_built_is_not_delivered(
    db: Session, make: Make, tenant: UUID, as_worker: Acting
) -> None:
    pending = bring(db, tenant, make.row("ticket_passes", tenant), "claimed")
    with as_worker(tenant=tenant), db.refused("TK201"):
        send(db, pending)


def test_an_outdated_answer_for_what_was_never_built_says_nothing_of_a_delivery(
    db: Session, make: Make, tenant: UUID, as_worker: Acting
) -> None:
    pending = bring(db, tenant, make.row("ticket_passes", tenant), "claimed")
    db.run(BUMP, pending["id"])
    with as_worker(tenant=tenant):
        assert send(db, pending) == "outdated"
    assert db.one(READ, pending["id"])["delivered_at"] is None


@pytest.mark.parametrize("version", [None, 0, 2])
def test_a_version_that_is_not_there_is_refused(
    db: Session, tenant: UUID, *, row: Row, as_worker: Acting, version: int | None
) -> None:
    with as_worker(tenant=tenant), db.refused("TK001"):
        send(db, {**row, "pass_version": version})


@pytest.mark.parametrize("metadata", [None, Jsonb([])], ids=shown)
def test_metadata_that_is_no_object_is_refused(
    db: Session, tenant: UUID, *, row: Row, as_worker: Acting, metadata: object
) -> None:
    with as_worker(tenant=tenant), db.refused("TK001"):
        send(db, row, metadata=metadata)


def test_a_lost_claim_is_refused(db: Session, tenant: UUID, row: Row, as_worker: Acting) -> None:
    with as_worker(tenant=tenant), db.refused("TK744"):
        send(db, {**row, "claim_number": 1})
