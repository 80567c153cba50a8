"""extend_ticket_pass_claim: more time for work that takes longer."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING
from uuid import UUID

import pytest

from support.factories import Make, Row
from support.passes import RUN_OUT, bring, claim, produce
from support.session import Session

if TYPE_CHECKING:
    from conftest import Acting

EXTEND = "SELECT * FROM ticketing.extend_ticket_pass_claim(%s, %s)"
FOR = "SELECT * FROM ticketing.extend_ticket_pass_claim(%s, %s, %s::interval)"


@pytest.fixture
def row(db: Session, make: Make, tenant: UUID) -> Row:
    return bring(db, tenant, make.row("ticket_passes", tenant), "claimed")


@pytest.mark.parametrize(("lease", "minutes"), [(None, 5), ("1 hour", 60), ("1 minute", 1)])
def test_the_lease_counts_from_now(
    db: Session, tenant: UUID, *, row: Row, as_worker: Acting, lease: str | None, minutes: int
) -> None:
    with as_worker(tenant=tenant):
        after = db.one(EXTEND, row["id"], 1) if lease is None else db.one(FOR, row["id"], 1, lease)
        left = after["claimed_until"] - db.value("SELECT clock_timestamp()")
    assert timedelta(minutes=minutes - 0.5) < left < timedelta(minutes=minutes)
    assert (after["claimed_by"], after["claim_number"]) == ("w1", 1)


def test_the_row_says_whether_the_work_is_outdated(
    db: Session, tenant: UUID, row: Row, as_worker: Acting
) -> None:
    db.run("UPDATE ticketing.ticket_passes SET pass_version = 2 WHERE id = %s", row["id"])
    with as_worker(tenant=tenant):
        assert db.one(EXTEND, row["id"], 1)["pass_version"] == 2


def test_what_ran_out_is_not_extended(
    db: Session, tenant: UUID, row: Row, as_worker: Acting
) -> None:
    with as_worker(tenant=tenant):
        db.run(RUN_OUT, row["id"])
        with db.refused("TK744"):
            db.one(EXTEND, row["id"], 1)
        claim(db, "w2")
        with db.refused("TK744"):
            db.one(EXTEND, row["id"], 1)


def test_what_was_answered_is_not_extended(
    db: Session, tenant: UUID, row: Row, as_worker: Acting
) -> None:
    with as_worker(tenant=tenant):
        produce(db, row)
        with db.refused("TK744"):
            db.one(EXTEND, row["id"], 1)


@pytest.mark.parametrize("lease", [None, "0", "-1 s", "999 ms", "1 day 1 us"])
def test_a_lease_out_of_range_is_refused(
    db: Session, tenant: UUID, *, row: Row, as_worker: Acting, lease: str | None
) -> None:
    with as_worker(tenant=tenant), db.refused("TK001"):
        db.one(FOR, row["id"], 1, lease)


@pytest.mark.parametrize("lease", ["1 s", "1 day"])
def test_the_ends_of_the_range_are_accepted(
    db: Session, tenant: UUID, *, row: Row, as_worker: Acting, lease: str
) -> None:
    with as_worker(tenant=tenant):
        assert db.one(FOR, row["id"], 1, lease)
