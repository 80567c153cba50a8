"""cancel_transfer: the sender, or staff, withdraws an offer."""

from __future__ import annotations

from uuid import UUID, uuid4

import psycopg
import pytest

from support.databases import Database
from support.factories import Make, Row
from support.session import Session
from support.transfers import Desk, calling, finds_the_offer_free, hashed, query


@pytest.fixture
def desk(db: Session, tenant: UUID) -> Desk:
    return Desk(db, tenant)


def cancel(desk: Desk, transfer: UUID | None, **named: object) -> Row:
    given = {"reason": "changed my mind", **named}
    return desk.call("cancel_transfer", transfer_id=transfer, **given)  # type: ignore[arg-type]


@pytest.mark.parametrize("role", ["ticketing_app", "ticketing_worker"])
def test_a_withdrawn_offer_leaves_the_ticket_as_it_was(desk: Desk, role: str) -> None:
    transfer = desk.start()
    row = cancel(desk, transfer, role=role)
    assert row == {"transfer_id": transfer, "status": "cancelled", "outcome": "cancelled"}
    stored = desk.read("ticket_transfers", transfer)
    assert stored["cancellation_reason"] == "changed my mind"
    assert stored["cancelled_at"] is not None
    assert desk.read()["user_id"] == desk.sender
    assert desk.scan("old code") == "valid"
    assert cancel(desk, transfer) == {**row, "outcome": "replayed"}


def test_the_sender_withdraws_and_nobody_else(desk: Desk) -> None:
    transfer = desk.start(to_user_id=desk.friend)
    friend = {"user": desk.friend, "user_role": "user"}
    with desk.db.refused("TK228"):
        cancel(desk, transfer, acting=friend)
    with desk.db.refused("TK228"):
        cancel(desk, transfer, user_id=desk.friend)
    with desk.db.refused("TK401"):
        cancel(desk, transfer, acting=friend, user_id=desk.sender)
    sender = {"user": desk.sender, "user_role": "user"}
    assert cancel(desk, transfer, acting=sender)["outcome"] == "cancelled"


def test_a_service_withdraws_for_the_sender_and_staff_for_anybody(desk: Desk) -> None:
    assert cancel(desk, desk.start(), user_id=desk.sender)["outcome"] == "cancelled"
    staff = {"user": desk.friend, "user_role": "staff"}
    assert cancel(desk, desk.start(), acting=staff)["outcome"] == "cancelled"


@pytest.mark.parametrize("reason", [None, "", " "])
def test_an_offer_is_withdrawn_for_a_reason(desk: Desk, reason: str | None) -> None:
    transfer = desk.start()
    with desk.db.refused("TK203"):
        cancel(desk, transfer, reason=reason)
    said = {"reason": "said by the transaction"}
    assert cancel(desk, transfer, reason=reason, acting=said)["outcome"] == "cancelled"
    stored = desk.read("ticket_transfers", transfer)
    assert stored["cancellation_reason"] == "said by the transaction"


@pytest.mark.parametrize(
    ("actor", "may"), [("user", False), ("service", False), ("system", True), ("admin", True)]
)
def test_an_accepted_offer_is_withdrawn_by_few(desk: Desk, actor: str, *, may: bool) -> None:
    transfer = desk.start(transfer_type="resale", price_cents=1)
    desk.accept(transfer)
    if may:
        assert cancel(desk, transfer, acting={"actor": actor})["outcome"] == "cancelled"
    else:
        with desk.db.refused("TK202"):
            cancel(desk, transfer, acting={"actor": actor})


@pytest.mark.parametrize("status", ["completed", "rejected", "expired"])
def test_a_closed_offer_is_not_withdrawn(desk: Desk, status: str) -> None:
    transfer = desk.start()
    if status == "completed":
        desk.accept(transfer)
    elif status == "rejected":
        desk.call("reject_transfer", transfer_id=transfer, acceptance_code_hash=hashed("secret"))
    else:
        desk.overdue(transfer)
        desk.call("expire_overdue_transfer", ticket_id=desk.ticket)
    with desk.db.refused("TK224") as refused:
        cancel(desk, transfer)
    assert status in str(refused.error)


def test_an_unknown_transfer_is_refused_whoever_has_it(desk: Desk, other_tenant: UUID) -> None:
    foreign = desk.make.id("ticket_transfers", other_tenant)
    for transfer in (None, uuid4(), foreign):
        with desk.db.refused("TK221"):
            cancel(desk, transfer)


def test_readers_and_strangers_withdraw_nothing(desk: Desk) -> None:
    transfer = desk.start()
    for role in ("ticketing_readonly", "ts_test_nobody"):
        with desk.db.refused("42501"):
            cancel(desk, transfer, role=role)


def test_it_needs_a_tenant(desk: Desk) -> None:
    text, values = query("cancel_transfer", transfer_id=uuid4())
    with desk.db.acting("ticketing_app"), desk.db.refused("TK701"):
        desk.db.one(text, *values)


def test_it_waits_for_the_ticket_before_it_touches_the_offer(clone: Database) -> None:
    with psycopg.connect(clone.superuser_url) as connection:
        db = Session(connection)
        desk = Desk(db, Make(db).tenant())
        transfer = desk.start()
    act = calling("cancel_transfer", transfer_id=transfer, reason="so")
    answer = finds_the_offer_free(clone, desk, transfer, act)
    assert answer["outcome"] == "cancelled"
