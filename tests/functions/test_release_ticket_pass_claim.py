"""release_ticket_pass_claim: a worker that stops gives back what it has not done."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

import pytest

from support.factories import Make, Row
from support.passes import READ, bring, claim, produce
from support.session import Session

if TYPE_CHECKING:
    from conftest import Acting

RELEASE = "SELECT * FROM ticketing.release_ticket_pass_claim(%s, %s)"
KEPT = ("status", "next_attempt_at", "pass_version", "attempts", "sending_version", "produced_at")


@pytest.mark.parametrize("step", ["produce", "send"])
def test_it_is_as_if_it_had_not_been_claimed(
    db: Session, make: Make, tenant: UUID, *, as_worker: Acting, step: str
) -> None:
    before = make.row("ticket_passes", tenant)
    if step == "send":
        before = bring(db, tenant, before, "produced")
    with as_worker(tenant=tenant):
        row = claim(db, step=step)
        after = db.one(RELEASE, row["id"], row["claim_number"])
        assert db.one(READ, row["id"]) == after
        assert {name: after[name] for name in KEPT} == {name: before[name] for name in KEPT}
        assert (after["claimed_by"], after["claimed_until"]) == (None, None)
        assert claim(db, "w2", step=step)["claim_number"] == row["claim_number"] + 1


def test_a_delivery_of_an_older_version_stays_in_doubt(
    db: Session, make: Make, tenant: UUID, as_worker: Acting
) -> None:
    row = bring(db, tenant, make.row("ticket_passes", tenant), "sending")
    db.run("UPDATE ticketing.ticket_passes SET pass_version = 2 WHERE id = %s", row["id"])
    with as_worker(tenant=tenant):
        after = db.one(RELEASE, row["id"], row["claim_number"])
    assert (after["sending_version"], after["attempts"]) == (1, 0)


def test_it_is_given_back_once_and_not_after_an_answer(
    db: Session, make: Make, tenant: UUID, as_worker: Acting
) -> None:
    make.row("ticket_passes", tenant)
    with as_worker(tenant=tenant):
        row = claim(db)
        db.one(RELEASE, row["id"], 1)
        with db.refused("TK744"):
            db.one(RELEASE, row["id"], 1)
        produce(db, claim(db))
        with db.refused("TK744"):
            db.one(RELEASE, row["id"], 2)


@pytest.mark.parametrize(("number", "code"), [(None, "TK001"), (7, "TK744")])
def test_another_claim_is_refused(
    db: Session, make: Make, tenant: UUID, *, as_worker: Acting, number: int | None, code: str
) -> None:
    row: Row = bring(db, tenant, make.row("ticket_passes", tenant), "claimed")
    with as_worker(tenant=tenant), db.refused(code):
        db.one(RELEASE, row["id"], number)
