"""start_transfer: the offer of a ticket."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest

from support.databases import Database
from support.factories import Make, Row
from support.names import shown
from support.races import race
from support.session import Session
from support.transfers import Desk, calling, hashed, query

SECOND = timedelta(seconds=1)


@pytest.fixture
def desk(db: Session, tenant: UUID) -> Desk:
    return Desk(db, tenant, currency="EUR", max_resale_price_cents=5000)


def event(desk: Desk, **values: Any) -> None:
    desk.put("events", desk.event, **values)


def hours(number: float) -> datetime:
    return datetime.now(UTC) + timedelta(hours=number)


def test_an_offer_is_pending_and_says_what_it_was_told(desk: Desk) -> None:
    row = desk.call(
        "start_transfer",
        ticket_id=desk.ticket,
        to_email="Friend@Example.org",
        acceptance_code_hash=hashed("secret"),
        from_user_id=desk.sender,
        to_user_id=desk.friend,
        transfer_type="resale",
        transfer_method="link",
        price_cents=5000,
        currency="EUR",
        transfer_code="TR-1",
        message="enjoy",
        time_to_live=timedelta(minutes=30),
    )
    stored = desk.read("ticket_transfers", row["transfer_id"])
    expected = {
        "ticket_id": desk.ticket,
        "from_user_id": desk.sender,
        "to_user_id": desk.friend,
        "to_email": "friend@example.org",
        "acceptance_code_hash": hashed("secret"),
        "transfer_type": "resale",
        "transfer_method": "link",
        "price_cents": 5000,
        "currency": "EUR",
        "transfer_code": "TR-1",
        "message": "enjoy",
        "status": "pending",
        "expires_at": row["expires_at"],
    }
    assert expected.items() <= stored.items()
    assert row["status"] == "pending"
    assert abs(row["expires_at"] - datetime.now(UTC) - timedelta(minutes=30)) < timedelta(minutes=1)
    assert desk.read()["user_id"] == desk.sender
    assert desk.resolve("old code") == ("active", None)


def test_what_is_not_told_is_a_gift_by_e_mail_for_seven_days(desk: Desk) -> None:
    event(desk, starts_at=hours(1000), ends_at=hours(1001))
    stored = desk.read("ticket_transfers", desk.start())
    told = [stored[n] for n in ("transfer_type", "transfer_method", "price_cents", "currency")]
    assert told == ["gift", "email", 0, "EUR"]
    left = stored["expires_at"] - datetime.now(UTC)
    assert timedelta(days=7) - timedelta(minutes=1) < left <= timedelta(days=7)


@pytest.mark.parametrize(
    ("values", "ends"),
    [
        ({}, "ends_at"),
        ({"transfer_deadline_hours": 0}, "starts_at"),
        ({"transfer_deadline_hours": 1, "starts_at": hours(2)}, "an hour before"),
        ({"expires_at": hours(0.5)}, "ticket"),
    ],
)
def test_an_offer_never_outlives_the_time_for_transfers(desk: Desk, values: Row, ends: str) -> None:
    if ends == "ticket":
        desk.put("tickets", desk.ticket, **values)
    elif values:
        event(desk, **values)
    row = desk.read("events", desk.event)
    ticket = desk.read()
    expected = {
        "ends_at": row["ends_at"],
        "starts_at": row["starts_at"],
        "an hour before": row["starts_at"] - timedelta(hours=1),
        "ticket": ticket["expires_at"],
    }
    assert desk.read("ticket_transfers", desk.start())["expires_at"] == expected[ends]


@pytest.mark.parametrize(
    ("table", "values"),
    [
        ("events", {"status": "cancelled"}),
        ("events", {"starts_at": hours(-3), "ends_at": hours(-0.001)}),
        ("events", {"starts_at": hours(0.999), "transfer_deadline_hours": 1}),
        ("tickets", {"expires_at": hours(-0.001)}),
    ],
    ids=shown,
)
@pytest.mark.parametrize("kind", ["gift", "resale", "admin", "correction"])
def test_once_transfers_are_closed_only_staff_move_a_ticket(
    desk: Desk, table: str, values: Row, kind: str
) -> None:
    desk.put(table, desk.event if table == "events" else desk.ticket, **values)
    given = {"transfer_type": kind, "price_cents": 100 if kind == "resale" else 0}
    if kind in ("admin", "correction"):
        stored = desk.read("ticket_transfers", desk.start(**given))
        assert stored["expires_at"] > hours(24 * 6)
    else:
        with desk.db.refused("TK230"):
            desk.start(**given)


def test_a_deadline_that_is_not_there_yet_is_none(desk: Desk) -> None:
    event(desk, starts_at=hours(1.01), transfer_deadline_hours=1)
    desk.start()


def test_a_ticket_is_on_offer_once_at_a_time(desk: Desk) -> None:
    transfer = desk.start()
    with desk.db.refused("TK220"):
        desk.start(to_email="another@example.org")
    desk.call("cancel_transfer", transfer_id=transfer, reason="changed my mind")
    assert desk.start() != transfer


def test_an_accepted_offer_is_open_as_well(desk: Desk) -> None:
    desk.accept(desk.start(transfer_type="resale", price_cents=100))
    with desk.db.refused("TK220"):
        desk.start()


def test_an_overdue_offer_makes_way_before_any_sweeper(desk: Desk) -> None:
    transfer = desk.start()
    desk.overdue(transfer)
    assert desk.start() != transfer
    assert desk.read("ticket_transfers", transfer)["status"] == "expired"


@pytest.mark.parametrize(
    ("code", "given"),
    [
        ("TK225", {"transfer_type": "resale", "price_cents": 5001}),
        ("TK226", {"transfer_type": "resale", "price_cents": 100, "currency": "USD"}),
        ("TK226", {"transfer_type": "admin", "price_cents": 100, "currency": "USD"}),
    ],
)
def test_a_price_keeps_to_ceiling_and_currency(desk: Desk, code: str, given: Row) -> None:
    with desk.db.refused(code):
        desk.start(**given)


@pytest.mark.parametrize(
    "values",
    [
        {"status": "sold"},
        {"status": "checked_in", "checked_in_at": "now"},
        {"status": "revoked", "status_reason": "so"},
        {"is_transferable": False},
        {"max_transfers": 0},
    ],
    ids=shown,
)
def test_a_ticket_that_may_not_be_handed_on_is_not_offered(desk: Desk, values: Row) -> None:
    desk.put("tickets", desk.ticket, **values)
    with desk.db.refused("TK206"):
        desk.start()


def test_nor_is_one_that_the_chain_works_on(desk: Desk, make: Make) -> None:
    make.row("pending_transactions", desk.tenant, ticket_id=desk.ticket, tx_type="burn")
    with desk.db.refused("TK209"):
        desk.start()


@pytest.mark.parametrize(
    "given",
    [
        {"ticket_id": None},
        *({"to_email": address} for address in (None, "", "friend", "a b@c.d", "a@b@c", "@b")),
        {"to_email": "a" * 250 + "@b.cd"},
        *({"acceptance_code_hash": code} for code in ("", "secret", "A" * 64)),
        *({"transfer_type": kind} for kind in (None, "", "theft")),
        *({"transfer_method": way} for way in (None, "", "post")),
        {"transfer_method": "direct"},
        {"price_cents": None},
        {"price_cents": -1},
        {"price_cents": 1},
        {"transfer_type": "resale"},
        {"currency": "eur"},
        {"transfer_code": ""},
        {"transfer_code": "x" * 256},
        {"message": "x" * 2001},
        {"time_to_live": None},
        {"time_to_live": timedelta(minutes=1) - SECOND},
        {"time_to_live": timedelta(days=90) + SECOND},
        {"from_user_id": None},
    ],
    ids=shown,
)
def test_an_argument_that_cannot_be_is_refused(desk: Desk, given: Row) -> None:
    with desk.db.refused("TK001") as refused:
        desk.start(**given)
    (name,) = given if len(given) == 1 else (next(iter(given)),)
    assert name in str(refused.error) or name in ("transfer_method", "transfer_type")


@pytest.mark.parametrize(
    "given",
    [
        {"to_email": "a" * 248 + "@bc.de"},
        {"transfer_method": "direct", "to_user_id": "friend"},
        {"transfer_code": "x" * 255, "message": "x" * 2000},
        {"time_to_live": timedelta(minutes=1)},
        {"time_to_live": timedelta(days=90)},
        {"acceptance_code_hash": None},
    ],
    ids=shown,
)
def test_the_last_allowed_argument_is_taken(desk: Desk, given: Row) -> None:
    desk.start(**{n: desk.friend if v == "friend" else v for n, v in given.items()})


def test_nobody_hands_a_ticket_to_themselves(desk: Desk) -> None:
    with desk.db.refused("TK001"):
        desk.start(to_user_id=desk.sender)


def test_an_unknown_recipient_and_a_used_handle_are_refused(
    desk: Desk, make: Make, other_tenant: UUID
) -> None:
    for user in (uuid4(), make.id("users", other_tenant)):
        with desk.db.refused("23503", "fk_ticket_transfers_to_user_id"):
            desk.start(to_user_id=user)
    make.row("ticket_transfers", desk.tenant, transfer_code="TR-1")
    make.row("ticket_transfers", other_tenant, transfer_code="TR-2")
    with desk.db.refused("23505", "uq_ticket_transfers_code"):
        desk.start(transfer_code="TR-1")
    desk.start(transfer_code="TR-2")


def test_a_ticket_of_somebody_else_is_not_offered(
    desk: Desk, make: Make, other_tenant: UUID
) -> None:
    with desk.db.refused("TK206"):
        desk.start(from_user_id=desk.friend)
    for ticket in (uuid4(), make.held_ticket(other_tenant)):
        with desk.db.refused("TK206"):
            desk.start(ticket_id=ticket)


def test_a_customer_offers_their_own_ticket_and_no_other(desk: Desk) -> None:
    with desk.db.refused("TK206"):
        desk.start(acting={"user": desk.friend, "user_role": "user"})
    with desk.db.refused("TK401"):
        desk.start(acting={"user": desk.friend, "user_role": "user"}, from_user_id=desk.sender)
    transfer = desk.start(acting={"user": desk.sender, "user_role": "user"})
    assert desk.read("ticket_transfers", transfer)["from_user_id"] == desk.sender


@pytest.mark.parametrize("kind", ["admin", "correction"])
def test_a_transfer_of_staff_is_for_staff(desk: Desk, kind: str) -> None:
    desk.put("tickets", desk.ticket, is_transferable=False)
    customer = {"user": desk.sender, "user_role": "user"}
    with desk.db.refused("TK229"):
        desk.start(acting=customer, transfer_type=kind)
    transfer = desk.start(from_user_id=None, transfer_type=kind, to_user_id=desk.friend)
    assert desk.read("ticket_transfers", transfer)["from_user_id"] == desk.sender


def test_a_worker_offers_and_readers_and_strangers_do_not(desk: Desk) -> None:
    desk.start(role="ticketing_worker")
    for role in ("ticketing_readonly", "ts_test_nobody"):
        with desk.db.refused("42501"):
            desk.start(role=role)


def test_it_needs_a_tenant(desk: Desk) -> None:
    text, values = query("start_transfer", ticket_id=desk.ticket, to_email="a@b.cd")
    with desk.db.acting("ticketing_app"), desk.db.refused("TK701"):
        desk.db.one(text, *values)


def test_of_many_offers_at_once_one_stands(clone: Database) -> None:
    with psycopg.connect(clone.superuser_url) as connection:
        db = Session(connection)
        desk = Desk(db, Make(db).tenant())

    def act(connection: psycopg.Connection, number: int) -> Any:
        return calling(
            "start_transfer",
            ticket_id=desk.ticket,
            to_email=f"friend{number}@example.org",
            from_user_id=desk.sender,
        )(connection)

    answers = race(clone, "ts_test_app", 6, act, tenant=desk.tenant)
    errors = [answer.sqlstate for answer in answers if isinstance(answer, psycopg.Error)]
    assert errors == ["TK220"] * 5
