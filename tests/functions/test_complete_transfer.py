"""complete_transfer: the ticket goes over, once, from the one who offered it."""

from __future__ import annotations

from uuid import UUID, uuid4

import psycopg
import pytest

from support.databases import Database
from support.factories import Make, Row
from support.names import shown
from support.races import in_turn
from support.session import Session
from support.transfers import Desk, calling, finds_the_offer_free, hashed, query

PAID = {"transfer_type": "resale", "price_cents": 100}


@pytest.fixture
def desk(db: Session, tenant: UUID) -> Desk:
    return Desk(db, tenant, resale_price_cents=100, barcode="bars")


def accepted(desk: Desk, **given: object) -> UUID:
    """Returns an offer that is accepted and waits for its money."""
    transfer = desk.start(**{**PAID, **given})
    assert desk.accept(transfer)["status"] == "accepted"
    return transfer


def complete(desk: Desk, transfer: UUID | None, **named: object) -> Row:
    return desk.call("complete_transfer", transfer_id=transfer, **named)  # type: ignore[arg-type]


@pytest.mark.parametrize("role", ["ticketing_app", "ticketing_worker"])
@pytest.mark.parametrize("status", ["active", "transferred"])
def test_the_ticket_has_a_new_holder_and_a_new_code(
    db: Session, tenant: UUID, role: str, status: str
) -> None:
    desk = Desk(db, tenant, status=status, resale_price_cents=100, barcode="bars")
    transfer = accepted(desk)
    row = complete(desk, transfer, role=role, code_hash=hashed("new"))
    assert row == {
        "transfer_id": transfer,
        "ticket_id": desk.ticket,
        "status": "completed",
        "credential_version": 2,
        "outcome": "completed",
    }
    ticket = desk.read()
    expected = {
        "user_id": desk.friend,
        "status": "transferred",
        "transfer_count": 1,
        "resale_price_cents": None,
        "qr_code": None,
        "barcode": None,
        "credential_version": 2,
    }
    assert expected.items() <= ticket.items()
    assert desk.read("ticket_transfers", transfer)["status"] == "completed"
    assert desk.resolve("old code") == ("revoked", "transfer")
    assert desk.resolve("new") == ("active", None)
    chain = desk.call("get_ticket_transfer_history", ticket_id=desk.ticket)
    assert (chain["position"], chain["to_user_id"]) == (1, desk.friend)


def test_a_repeated_call_changes_nothing(desk: Desk) -> None:
    transfer = accepted(desk)
    first = complete(desk, transfer, code_hash=hashed("new"))
    before = desk.read()
    assert complete(desk, transfer, code_hash=hashed("newer")) == {**first, "outcome": "replayed"}
    assert desk.read() == before


@pytest.mark.parametrize("kind", ["admin", "correction"])
def test_staff_move_a_ticket_past_its_limits_and_use_none_up(desk: Desk, kind: str) -> None:
    desk.put("tickets", desk.ticket, is_transferable=False, max_transfers=1, transfer_count=1)
    transfer = desk.start(transfer_type=kind, to_user_id=desk.friend)
    assert complete(desk, transfer)["outcome"] == "completed"
    assert (desk.read()["user_id"], desk.read()["transfer_count"]) == (desk.friend, 1)


def test_the_last_allowed_transfer_is_counted(desk: Desk) -> None:
    desk.put("tickets", desk.ticket, max_transfers=1)
    complete(desk, accepted(desk))
    assert desk.read()["transfer_count"] == 1
    with desk.db.refused("TK206"):
        desk.start(from_user_id=desk.friend)


def test_a_direct_transfer_needs_no_acceptance(desk: Desk) -> None:
    transfer = desk.start(transfer_method="direct", to_user_id=desk.friend)
    assert complete(desk, transfer)["outcome"] == "completed"
    assert desk.read("ticket_transfers", transfer)["accepted_at"] is not None


def test_what_nobody_accepted_is_not_completed(desk: Desk) -> None:
    for given in ({}, PAID, {"to_user_id": desk.friend}):
        with desk.db.connection.transaction(force_rollback=True):
            transfer = desk.start(**given)
            with desk.db.refused("TK231") as refused:
                complete(desk, transfer)
            assert "accepted" in str(refused.error)


def test_nor_what_is_for_nobody(desk: Desk) -> None:
    transfer = desk.start(transfer_type="admin")
    with desk.db.refused("TK231") as refused:
        complete(desk, transfer)
    assert "recipient" in str(refused.error)


@pytest.mark.parametrize("kind", ["resale", "admin"])
def test_nor_what_the_chain_has_not_moved(desk: Desk, kind: str) -> None:
    transfer = desk.start(transfer_type=kind, price_cents=100)
    desk.accept(transfer)
    desk.put("tickets", desk.ticket, is_nft=True, token_mint="7" * 44)
    with desk.db.refused("TK231") as refused:
        complete(desk, transfer)
    assert "token" in str(refused.error)
    moved = {"blockchain_confirmed": True, "blockchain_confirmed_at": "now"}
    desk.put("ticket_transfers", transfer, tx_signature="s", **moved)
    assert complete(desk, transfer)["outcome"] == "completed"


def test_nor_while_the_chain_is_at_work(desk: Desk, make: Make) -> None:
    transfer = accepted(desk)
    make.row("pending_transactions", desk.tenant, ticket_id=desk.ticket, tx_type="burn")
    with desk.db.refused("TK209"):
        complete(desk, transfer)


@pytest.mark.parametrize(
    "values",
    [
        {"user_id": "stranger"},
        {"user_id": None, "purchaser_email": "a@b.cd"},
        {"status": "checked_in", "checked_in_at": "now"},
        {"status": "refunded", "status_reason": "so"},
        {"status": "sold"},
    ],
    ids=shown,
)
def test_a_ticket_that_is_no_longer_the_senders_stays_where_it_is(desk: Desk, values: Row) -> None:
    transfer = accepted(desk)
    stranger = desk.make.id("users", desk.tenant)
    given = {n: stranger if v == "stranger" else v for n, v in values.items()}
    desk.put("tickets", desk.ticket, **given)
    before = desk.read()
    with desk.db.refused("TK227"):
        complete(desk, transfer)
    assert desk.read() == before
    assert desk.read("ticket_transfers", transfer)["status"] == "accepted"


@pytest.mark.parametrize("way", ["cancelled", "rejected", "expired"])
def test_a_closed_transfer_is_not_completed(desk: Desk, way: str) -> None:
    transfer = desk.start(**PAID)
    if way == "expired":
        desk.overdue(transfer)
        desk.call("expire_overdue_transfer", ticket_id=desk.ticket)
    elif way == "rejected":
        desk.call("reject_transfer", transfer_id=transfer, acceptance_code_hash=hashed("secret"))
    else:
        desk.call("cancel_transfer", transfer_id=transfer, reason="so")
    with desk.db.refused("TK224") as refused:
        complete(desk, transfer)
    assert way in str(refused.error)


def test_a_direct_transfer_past_its_time_is_over(desk: Desk) -> None:
    transfer = desk.start(transfer_method="direct", to_user_id=desk.friend)
    desk.overdue(transfer)
    with desk.db.refused("TK207"):
        complete(desk, transfer)


def test_what_was_accepted_in_time_may_be_completed_later(desk: Desk) -> None:
    transfer = accepted(desk)
    desk.overdue(transfer)
    assert complete(desk, transfer)["outcome"] == "completed"


def test_no_customer_completes_a_transfer(desk: Desk) -> None:
    transfer = accepted(desk)
    for user in (desk.sender, desk.friend):
        with desk.db.refused("TK202"):
            complete(desk, transfer, acting={"user": user, "user_role": "user"})
    assert desk.read()["user_id"] == desk.sender


def test_an_unknown_transfer_is_refused_whoever_has_it(desk: Desk, other_tenant: UUID) -> None:
    foreign = desk.make.id("ticket_transfers", other_tenant)
    for transfer in (None, uuid4(), foreign):
        with desk.db.refused("TK221"):
            complete(desk, transfer)


@pytest.mark.parametrize(
    ("code", "given"),
    [
        ("TK001", {"code_hash": "new"}),
        ("TK240", {"code_hash": hashed("old code")}),
        ("42501", {"role": "ticketing_readonly"}),
        ("42501", {"role": "ts_test_nobody"}),
    ],
    ids=shown,
)
def test_a_call_that_cannot_be_is_refused(desk: Desk, code: str, given: Row) -> None:
    transfer = accepted(desk)
    with desk.db.refused(code):
        complete(desk, transfer, **given)
    assert desk.read()["user_id"] == desk.sender


def test_it_needs_a_tenant(desk: Desk) -> None:
    text, values = query("complete_transfer", transfer_id=uuid4())
    with desk.db.acting("ticketing_app"), desk.db.refused("TK701"):
        desk.db.one(text, *values)


def test_two_who_complete_hand_over_once(clone: Database) -> None:
    with psycopg.connect(clone.superuser_url) as connection:
        db = Session(connection)
        desk = Desk(db, Make(db).tenant())
        transfer = accepted(desk)
    act = calling("complete_transfer", transfer_id=transfer)
    first, second, waited = in_turn(clone, "ts_test_app", act, act, tenant=desk.tenant)
    assert waited
    assert isinstance(second, dict)
    assert (first["outcome"], second["outcome"]) == ("completed", "replayed")
    with psycopg.connect(clone.superuser_url) as connection:
        count = Session(connection).value("SELECT transfer_count FROM ticketing.tickets")
    assert count == 1


def test_it_waits_for_the_ticket_before_it_touches_the_offer(clone: Database) -> None:
    with psycopg.connect(clone.superuser_url) as connection:
        db = Session(connection)
        desk = Desk(db, Make(db).tenant())
        transfer = accepted(desk)
    act = calling("complete_transfer", transfer_id=transfer)
    answer = finds_the_offer_free(clone, desk, transfer, act)
    assert answer["outcome"] == "completed"
