"""fail_ticket_pass: what went wrong, and when it is tried again."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING
from uuid import UUID

import pytest
from psycopg.types.json import Jsonb

from support.factories import Make, Row
from support.names import shown
from support.passes import READ, bring, claim, claimed, fail, send
from support.session import Session

if TYPE_CHECKING:
    from conftest import Acting

DUE = "UPDATE ticketing.ticket_passes SET next_attempt_at = clock_timestamp() WHERE id = %s"
PAUSE = "SELECT next_attempt_at - updated_at FROM ticketing.ticket_passes WHERE id = %s"


@pytest.fixture
def row(db: Session, make: Make, tenant: UUID) -> Row:
    return bring(db, tenant, make.row("ticket_passes", tenant, metadata={"a": 1}), "claimed")


def pause(db: Session, row: Row) -> timedelta:
    """Returns the pause, without the microseconds that the call itself took."""
    found: timedelta = db.value(PAUSE, row["id"])
    return timedelta(seconds=round(found.total_seconds()))


def test_a_failure_says_why_and_ends_the_claim(
    db: Session, tenant: UUID, row: Row, as_worker: Acting
) -> None:
    with as_worker(tenant=tenant):
        assert fail(db, row, "no certificate", metadata={"code": 7}) == "failed"
    after = db.one(READ, row["id"])
    assert (after["status"], after["error_message"]) == ("failed", "no certificate")
    assert (after["claimed_by"], after["attempts"], after["max_attempts"]) == (None, 1, 10)
    assert after["metadata"] == {"a": 1, "code": 7}


def test_each_failure_waits_twice_as_long_up_to_six_hours_and_after_ten_nobody_tries(
    db: Session, tenant: UUID, row: Row, as_worker: Acting
) -> None:
    pauses = []
    with as_worker(tenant=tenant):
        for _ in range(10):
            fail(db, row)
            pauses.append(pause(db, row).total_seconds())
            assert claimed(db) == []
            db.run(DUE, row["id"])
            (row,) = claimed(db) or [row]
        assert claimed(db) == []
    assert pauses == [30, 60, 120, 240, 480, 960, 1920, 3840, 7680, 15360]
    after = db.one(READ, row["id"])
    assert (after["status"], after["attempts"]) == ("failed", 10)


@pytest.mark.parametrize(("attempts", "hours"), [(10, 15360 / 3600), (11, 6), (12, 6), (500, 6)])
def test_the_longest_pause_is_six_hours(
    db: Session, make: Make, tenant: UUID, *, as_worker: Acting, attempts: int, hours: float
) -> None:
    made = make.row("ticket_passes", tenant, attempts=attempts - 1, max_attempts=1000)
    with as_worker(tenant=tenant):
        fail(db, claim(db))
    assert pause(db, made) == timedelta(hours=hours)


@pytest.mark.parametrize("after", ["0", "90 s", "30 days"])
def test_the_caller_may_know_better_when_to_try(
    db: Session, tenant: UUID, *, row: Row, as_worker: Acting, after: str
) -> None:
    with as_worker(tenant=tenant):
        fail(db, row, retry_after=after)
    assert pause(db, row) == db.value("SELECT %s::interval", after)


def test_what_is_given_up_is_not_tried_again_until_it_changes(
    db: Session, tenant: UUID, row: Row, as_worker: Acting
) -> None:
    with as_worker(tenant=tenant):
        assert fail(db, row, give_up=True, retry_after="0") == "failed"
        assert claimed(db) == []
        db.run("UPDATE ticketing.ticket_passes SET pass_version = 2 WHERE id = %s", row["id"])
        assert claim(db)["pass_version"] == 2


def test_said_again_it_is_as_it_was(db: Session, tenant: UUID, row: Row, as_worker: Acting) -> None:
    with as_worker(tenant=tenant):
        fail(db, row)
        first = db.one(READ, row["id"])
        assert fail(db, row, "another reason") == "failed"
        assert db.one(READ, row["id"]) == first


def test_a_delivery_that_failed_may_be_begun_again(
    db: Session, make: Make, tenant: UUID, as_worker: Acting
) -> None:
    sending = bring(db, tenant, make.row("ticket_passes", tenant), "sending")
    with as_worker(tenant=tenant):
        assert fail(db, sending) == "failed"
    after = db.one(READ, sending["id"])
    assert (after["sending_version"], after["delivered_at"]) == (None, None)


def test_a_failure_of_an_older_version_leaves_the_new_one_due(
    db: Session, tenant: UUID, row: Row, as_worker: Acting
) -> None:
    db.run("UPDATE ticketing.ticket_passes SET pass_version = 2 WHERE id = %s", row["id"])
    with as_worker(tenant=tenant):
        assert fail(db, row, metadata={"code": 7}) == "outdated"
        again = claim(db)
    assert (again["status"], again["error_message"]) == ("pending", None)
    assert again["metadata"] == {"a": 1, "code": 7}


@pytest.mark.parametrize("delivered", [False, True])
def test_who_never_got_the_pass_is_not_told_that_it_is_void(
    db: Session, make: Make, tenant: UUID, *, as_worker: Acting, delivered: bool
) -> None:
    sending = bring(db, tenant, make.row("ticket_passes", tenant), "sending")
    with as_worker(tenant=tenant):
        if delivered:
            send(db, sending)
            db.run("UPDATE ticketing.ticket_passes SET pass_version = 2")
            sending = claim(db)
        db.run("UPDATE ticketing.ticket_passes SET voided_at = now()")
        assert fail(db, sending) == "outdated"
        assert len(claimed(db)) == delivered


@pytest.mark.parametrize(
    "given",
    [
        *({"error": value} for value in (None, "", "  ")),
        *({"retry_after": value} for value in ("-1 s", "30 days 1 s")),
        {"give_up": None},
        {"metadata": None},
        {"metadata": Jsonb([])},
    ],
    ids=shown,
)
def test_an_argument_out_of_range_is_refused(
    db: Session, tenant: UUID, *, row: Row, as_worker: Acting, given: Row
) -> None:
    with as_worker(tenant=tenant), db.refused("TK001"):
        fail(db, row, **given)


@pytest.mark.parametrize("version", [None, 0, 2])
def test_a_version_that_is_not_there_is_refused(
    db: Session, tenant: UUID, *, row: Row, as_worker: Acting, version: int | None
) -> None:
    with as_worker(tenant=tenant), db.refused("TK001"):
        fail(db, {**row, "pass_version": version})


def test_a_lost_claim_is_refused(db: Session, tenant: UUID, row: Row, as_worker: Acting) -> None:
    with as_worker(tenant=tenant), db.refused("TK744"):
        fail(db, {**row, "claim_number": 2})
