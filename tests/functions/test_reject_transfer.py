"""reject_transfer: the recipient declines."""

from __future__ import annotations

from uuid import UUID, uuid4

import psycopg
import pytest

from support.databases import Database
from support.factories import Make, Row
from support.session import Session
from support.transfers import Desk, calling, finds_the_offer_free, hashed, query

CODE = hashed("secret")


@pytest.fixture
def desk(db: Session, tenant: UUID) -> Desk:
    return Desk(db, tenant)


def reject(desk: Desk, transfer: UUID | None, **named: object) -> Row:
    given = {"acceptance_code_hash": CODE, **named}
    return desk.call("reject_transfer", transfer_id=transfer, **given)  # type: ignore[arg-type]


@pytest.mark.parametrize("role", ["ticketing_app", "ticketing_worker"])
def test_the_code_declines_and_the_sender_keeps_the_ticket(desk: Desk, role: str) -> None:
    transfer = desk.start()
    row = reject(desk, transfer, role=role)
    assert row == {"transfer_id": transfer, "status": "rejected", "outcome": "rejected"}
    assert desk.read("ticket_transfers", transfer)["rejected_at"] is not None
    assert desk.read()["user_id"] == desk.sender
    assert desk.scan("old code") == "valid"
    assert reject(desk, transfer) == {**row, "outcome": "replayed"}


def test_a_customer_declines_what_is_for_them(desk: Desk) -> None:
    transfer = desk.start(to_user_id=desk.friend, acceptance_code_hash=None)
    stranger = {"user": desk.make.id("users", desk.tenant), "user_role": "user"}
    with desk.db.refused("TK223"):
        reject(desk, transfer, acting=stranger)
    with desk.db.refused("TK401"):
        reject(desk, transfer, acting=stranger, user_id=desk.friend)
    row = reject(desk, transfer, acting={"user": desk.friend, "user_role": "user"})
    assert row["outcome"] == "rejected"


def test_an_overdue_offer_may_still_be_declined(desk: Desk) -> None:
    transfer = desk.start()
    desk.overdue(transfer)
    assert reject(desk, transfer)["outcome"] == "rejected"


@pytest.mark.parametrize("status", ["accepted", "completed", "cancelled", "expired"])
def test_what_is_not_pending_is_not_declined(desk: Desk, status: str) -> None:
    price = {"transfer_type": "resale", "price_cents": 1} if status == "accepted" else {}
    transfer = desk.start(**price)
    friend = {"user_id": desk.friend}
    if status in ("accepted", "completed"):
        assert desk.accept(transfer)["status"] == status
    elif status == "cancelled":
        desk.call("cancel_transfer", transfer_id=transfer, reason="so")
    else:
        desk.overdue(transfer)
        desk.call("expire_overdue_transfer", ticket_id=desk.ticket)
    with desk.db.refused("TK224") as refused:
        reject(desk, transfer, **friend)
    assert status in str(refused.error)


def test_a_wrong_code_declines_nothing(desk: Desk) -> None:
    transfer = desk.start()
    for code in (None, "secret", hashed("guess")):
        with desk.db.refused("TK222"):
            reject(desk, transfer, acceptance_code_hash=code)


def test_an_unknown_transfer_is_refused_whoever_has_it(desk: Desk, other_tenant: UUID) -> None:
    foreign = desk.make.id("ticket_transfers", other_tenant)
    for transfer in (None, uuid4(), foreign):
        with desk.db.refused("TK221"):
            reject(desk, transfer)


def test_readers_and_strangers_decline_nothing(desk: Desk) -> None:
    transfer = desk.start()
    for role in ("ticketing_readonly", "ts_test_nobody"):
        with desk.db.refused("42501"):
            reject(desk, transfer, role=role)


def test_it_needs_a_tenant(desk: Desk) -> None:
    text, values = query("reject_transfer", transfer_id=uuid4())
    with desk.db.acting("ticketing_app"), desk.db.refused("TK701"):
        desk.db.one(text, *values)


def test_it_waits_for_the_ticket_before_it_touches_the_offer(clone: Database) -> None:
    with psycopg.connect(clone.superuser_url) as connection:
        db = Session(connection)
        desk = Desk(db, Make(db).tenant())
        transfer = desk.start()
    act = calling("reject_transfer", transfer_id=transfer, acceptance_code_hash=CODE)
    answer = finds_the_offer_free(clone, desk, transfer, act)
    assert answer["outcome"] == "rejected"
