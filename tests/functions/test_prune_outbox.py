"""prune_outbox: what was delivered goes, what somebody still needs stays."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

import pytest

from support.factories import Make
from support.session import Session
from support.sweeps import DAY, delivered

if TYPE_CHECKING:
    from conftest import Acting

PRUNE = "SELECT ticketing.prune_outbox('1 hour', %s)"
LEFT = "SELECT id FROM ticketing.outbox"


def left(db: Session) -> set[UUID]:
    return {row["id"] for row in db.all(LEFT)}


def consume(db: Session, consumer: str, event: UUID | None) -> None:
    """Lets a consumer of the log have dealt with an event, or with none."""
    seq = db.value("SELECT seq FROM ticketing.outbox WHERE id = %s", event) if event else 0
    add = "INSERT INTO ticketing.outbox_cursors (consumer, seq, safe_seq) VALUES (%s, %s, %s)"
    db.run(add, consumer, seq, seq)


@pytest.mark.parametrize(
    "given",
    [
        {"status": "pending"},
        {"status": "dead"},
        {"status": "processing", "locked_by": "r", "locked_until": datetime.now(UTC) - DAY},
    ],
    ids=lambda given: given["status"],
)
def test_what_was_not_delivered_stays_and_keeps_nothing_else(
    db: Session, make: Make, tenant: UUID, *, as_worker: Acting, given: dict[str, Any]
) -> None:
    old = datetime.now(UTC) - 9 * DAY
    stuck = {make.id("outbox", tenant, created_at=old, **given) for _ in range(3)}
    for _ in range(3):
        delivered(make, tenant, DAY)
    with as_worker():
        # Three that stay are in front of every batch of two.
        assert [db.value(PRUNE, 2) for _ in range(3)] == [2, 1, 0]
    assert left(db) == stuck


def test_one_that_was_written_long_ago_and_delivered_of_late_stays(
    db: Session, make: Make, tenant: UUID, as_worker: Acting
) -> None:
    now = datetime.now(UTC)
    times = {"created_at": now - 9 * DAY, "processed_at": now - timedelta(minutes=59)}
    event = make.id("outbox", tenant, status="processed", **times)
    with as_worker():
        assert db.value(PRUNE, 1000) == 0
    assert left(db) == {event}


def test_what_a_consumer_of_the_log_has_yet_to_read_stays(
    db: Session, make: Make, tenant: UUID, as_worker: Acting
) -> None:
    events = [delivered(make, tenant, DAY) for _ in range(5)]
    consume(db, "quick", events[3])
    consume(db, "slow", events[1])
    with as_worker():
        assert db.value(PRUNE, 1000) == 2
    assert left(db) == set(events[2:])
    db.run("DELETE FROM ticketing.outbox_cursors WHERE consumer = 'slow'")
    with as_worker():
        assert [db.value(PRUNE, 1) for _ in range(3)] == [1, 1, 0]
    assert left(db) == {events[4]}


def test_a_consumer_that_has_read_nothing_keeps_everything(
    db: Session, make: Make, tenant: UUID, as_worker: Acting
) -> None:
    event = delivered(make, tenant, DAY)
    consume(db, "new", None)
    with as_worker():
        assert db.value(PRUNE, 1000) == 0
    assert left(db) == {event}


def test_without_a_consumer_what_was_delivered_goes(
    db: Session, make: Make, tenant: UUID, as_worker: Acting
) -> None:
    delivered(make, tenant, DAY)
    with as_worker():
        assert db.value(PRUNE, 1000) == 1
