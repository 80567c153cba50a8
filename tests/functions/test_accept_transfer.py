"""accept_transfer: who gets the ticket, and when it is theirs."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest

from support.databases import Database
from support.factories import Make, Row
from support.names import shown
from support.races import in_turn, race
from support.session import Session
from support.transfers import Desk, calling, finds_the_offer_free, hashed, query

CODE = hashed("secret")
PAID = {"transfer_type": "resale", "price_cents": 100}


@pytest.fixture
def desk(db: Session, tenant: UUID) -> Desk:
    return Desk(db, tenant, resale_price_cents=100)


def test_a_gift_is_the_friends_at_once(desk: Desk) -> None:
    transfer = desk.start()
    row = desk.accept(transfer, code_hash=hashed("new"))
    assert row == {
        "transfer_id": transfer,
        "ticket_id": desk.ticket,
        "status": "completed",
        "credential_version": 2,
        "outcome": "completed",
    }
    ticket = desk.read()
    assert (ticket["user_id"], ticket["status"]) == (desk.friend, "transferred")
    assert (ticket["transfer_count"], ticket["resale_price_cents"]) == (1, None)
    stored = desk.read("ticket_transfers", transfer)
    assert (stored["status"], stored["to_user_id"]) == ("completed", desk.friend)
    assert stored["accepted_at"] is not None
    assert stored["transferred_at"] is not None
    assert desk.resolve("old code") == ("revoked", "transfer")
    assert desk.resolve("new") == ("active", None)


def test_without_a_new_code_the_ticket_has_none_until_it_gets_one(desk: Desk) -> None:
    row = desk.hand_over()
    assert (row["outcome"], row["credential_version"]) == ("completed", 2)
    assert desk.resolve("old code") == ("revoked", "transfer")
    friend = {"user": desk.friend, "user_role": "user"}
    issued = desk.call(
        "reissue_ticket", acting=friend, ticket_id=desk.ticket, code_hash=hashed("new")
    )
    assert (issued["outcome"], issued["credential_version"]) == ("issued", 2)
    assert desk.scan("new") == "valid"


def test_what_was_received_may_be_handed_on(desk: Desk) -> None:
    desk.hand_over()
    third = desk.make.id("users", desk.tenant)
    row = desk.accept(desk.start(from_user_id=desk.friend), user_id=third)
    assert (row["outcome"], row["credential_version"]) == ("completed", 3)
    assert (desk.read()["user_id"], desk.read()["transfer_count"]) == (third, 2)


def test_what_has_a_price_waits_for_the_money(desk: Desk) -> None:
    transfer = desk.start(**PAID)
    row = desk.accept(transfer, code_hash=hashed("new"))
    assert (row["status"], row["outcome"], row["credential_version"]) == ("accepted", "accepted", 1)
    assert desk.read()["user_id"] == desk.sender
    assert desk.resolve("old code") == ("active", None)
    assert desk.resolve("new") == ("unknown", None)
    assert desk.scan("old code") == "transfer_pending"
    assert desk.call("complete_transfer", transfer_id=transfer)["outcome"] == "completed"
    assert desk.read()["user_id"] == desk.friend


@pytest.mark.parametrize(("has_moved", "status"), [(False, "accepted"), (True, "completed")])
def test_a_token_goes_first(desk: Desk, *, has_moved: bool, status: str) -> None:
    desk.put("tickets", desk.ticket, is_nft=True, token_mint="7" * 44)
    transfer = desk.start(transfer_method="blockchain")
    if has_moved:
        moved = {"blockchain_confirmed": True, "blockchain_confirmed_at": "now"}
        desk.put("ticket_transfers", transfer, tx_signature="s", **moved)
    assert desk.accept(transfer)["status"] == status


@pytest.mark.parametrize("actor", [None, "user", "admin"])
def test_a_recipient_accepts_in_their_own_session(desk: Desk, actor: str | None) -> None:
    """The ticket is not theirs to see, and the rule that hands it over is not theirs to bend."""
    transfer = desk.start()
    friend: Row = {"user": desk.friend, "user_role": "user", "actor": actor}
    with desk.db.acting("ticketing_app", tenant=desk.tenant, **friend) as session:
        text, values = query(
            "accept_transfer",
            transfer_id=transfer,
            acceptance_code_hash=CODE,
            code_hash=hashed("new"),
        )
        assert session.one(text, *values)["outcome"] == "completed"
        assert session.value("SELECT ticketing.current_actor_type()") == (actor or "user")
        assert session.value("SELECT id FROM ticketing.tickets") == desk.ticket
    history = desk.db.one(
        "SELECT * FROM ticketing.ticket_state_history WHERE new_status = 'transferred'"
    )
    assert history["changed_by"] == desk.friend


def test_the_same_person_may_ask_again(desk: Desk) -> None:
    for given, status in ((PAID, "accepted"), ({}, "completed")):
        with desk.db.connection.transaction(force_rollback=True):
            transfer = desk.start(**given)
            desk.accept(transfer)
            before = desk.read(), desk.read("ticket_transfers", transfer)
            again = desk.accept(transfer, code_hash=hashed("new"))
            assert (again["status"], again["outcome"]) == (status, "replayed")
            assert (desk.read(), desk.read("ticket_transfers", transfer)) == before


def test_nobody_else_may_once_it_is_taken(desk: Desk) -> None:
    transfer = desk.start()
    desk.accept(transfer)
    with desk.db.refused("TK223"):
        desk.accept(transfer, user_id=desk.make.id("users", desk.tenant))


@pytest.mark.parametrize("swept", [True, False])
def test_the_clock_ends_an_offer_with_or_without_a_sweeper(desk: Desk, *, swept: bool) -> None:
    transfer = desk.start()
    desk.overdue(transfer)
    if swept:
        desk.call("expire_overdue_transfer", ticket_id=desk.ticket)
    with desk.db.refused("TK207"):
        desk.accept(transfer)
    assert desk.read()["user_id"] == desk.sender


def test_the_clock_comes_before_what_else_stands_in_the_way(desk: Desk) -> None:
    transfer = desk.start()
    desk.overdue(transfer)
    desk.put("users", desk.friend, status="blocked")
    with desk.db.refused("TK207"):
        desk.accept(transfer)


def test_an_offer_stands_to_its_last_moment(desk: Desk) -> None:
    transfer = desk.start()
    soon = datetime.now(UTC) + timedelta(seconds=20)
    desk.put("ticket_transfers", transfer, expires_at=soon)
    assert desk.accept(transfer)["outcome"] == "completed"


def test_an_offer_that_ended_while_the_transaction_waits_is_over(desk: Desk) -> None:
    transfer = desk.start()
    desk.put("ticket_transfers", transfer, expires_at=datetime.now(UTC) + timedelta(seconds=0.05))
    desk.db.value("SELECT pg_sleep(0.06)")
    with desk.db.refused("TK207"):
        desk.accept(transfer)


@pytest.mark.parametrize("way", ["cancel", "reject"])
def test_a_closed_offer_is_not_accepted(desk: Desk, way: str) -> None:
    transfer = desk.start()
    if way == "cancel":
        desk.call("cancel_transfer", transfer_id=transfer, reason="so")
    else:
        desk.call("reject_transfer", transfer_id=transfer, acceptance_code_hash=CODE)
    with desk.db.refused("TK224"):
        desk.accept(transfer)


def test_who_asks_comes_before_what_became_of_the_offer(desk: Desk) -> None:
    transfer = desk.start()
    desk.call("cancel_transfer", transfer_id=transfer, reason="so")
    with desk.db.refused("TK222"):
        desk.accept(transfer, acceptance_code_hash=hashed("guess"))


@pytest.mark.parametrize(
    ("code", "given"),
    [
        ("TK222", {"acceptance_code_hash": None}),
        ("TK222", {"acceptance_code_hash": hashed("guess")}),
        ("TK001", {"acceptance_code_hash": "secret"}),
        ("TK001", {"code_hash": "new"}),
        ("TK001", {"user_id": None}),
        ("TK221", {"transfer_id": uuid4()}),
        ("TK221", {"transfer_id": None}),
        ("TK706", {"user_id": uuid4()}),
        ("TK240", {"code_hash": hashed("old code")}),
    ],
    ids=shown,
)
def test_a_call_that_cannot_be_is_refused(desk: Desk, code: str, given: Row) -> None:
    transfer = desk.start()
    right = {"transfer_id": transfer, "acceptance_code_hash": CODE, "user_id": desk.friend}
    with desk.db.refused(code):
        desk.call("accept_transfer", **{**right, **given})
    assert desk.read()["user_id"] == desk.sender
    assert desk.read("ticket_transfers", transfer)["status"] == "pending"


@pytest.mark.parametrize("status", ["blocked", "deleted"])
def test_a_user_who_is_not_active_gets_no_ticket(desk: Desk, status: str) -> None:
    transfer = desk.start()
    desk.put("users", desk.friend, status=status)
    with desk.db.refused("TK707"):
        desk.accept(transfer)


def test_an_offer_of_another_tenant_is_unknown(desk: Desk, other_tenant: UUID) -> None:
    transfer = desk.start()
    friend = desk.make.id("users", other_tenant)
    with desk.db.refused("TK221"):
        desk.accept(transfer, acting={"tenant": other_tenant}, user_id=friend)


def test_a_customer_accepts_for_themselves(desk: Desk) -> None:
    transfer = desk.start()
    stranger = {"user": desk.make.id("users", desk.tenant), "user_role": "user"}
    with desk.db.refused("TK401"):
        desk.accept(transfer, acting=stranger, user_id=desk.friend)
    with desk.db.refused("TK401"):
        desk.accept(transfer, acting={"user": "nobody", "user_role": "user"})


@pytest.mark.parametrize(
    ("table", "values", "code"),
    [
        ("tickets", {"user_id": None, "purchaser_email": "a@b.cd"}, "TK227"),
        ("tickets", {"status": "checked_in", "checked_in_at": "now"}, "TK227"),
        ("tickets", {"status": "refunded", "status_reason": "so"}, "TK227"),
        ("tickets", {"status": "sold"}, "TK227"),
        ("tickets", {"is_transferable": False}, "TK206"),
        ("tickets", {"max_transfers": 0}, "TK206"),
        ("tickets", {"expires_at": datetime(2020, 1, 1, tzinfo=UTC)}, "TK230"),
        ("events", {"status": "cancelled"}, "TK230"),
        ("events", {"transfer_deadline_hours": 2}, "TK230"),
    ],
    ids=shown,
)
@pytest.mark.parametrize("kind", ["gift", "resale", "correction"])
def test_what_changed_since_the_offer_counts(
    desk: Desk, *, table: str, values: Row, code: str, kind: str
) -> None:
    price = 100 if kind == "resale" else 0
    transfer = desk.start(transfer_type=kind, price_cents=price)
    desk.put(table, desk.event if table == "events" else desk.ticket, **values)
    if kind == "correction" and code != "TK227":
        assert desk.accept(transfer)["outcome"] == "completed"
    else:
        with desk.db.refused(code):
            desk.accept(transfer)


def test_the_chain_at_work_is_waited_for(desk: Desk, make: Make) -> None:
    transfer = desk.start()
    make.row("pending_transactions", desk.tenant, ticket_id=desk.ticket, tx_type="burn")
    for acting in ({}, {"user": desk.friend, "user_role": "user"}):
        given: Row = {"acting": acting} if acting else {}
        with desk.db.refused("TK209"):
            desk.accept(transfer, **given)


def test_a_worker_accepts_and_readers_and_strangers_do_not(desk: Desk) -> None:
    transfer = desk.start()
    for role in ("ticketing_readonly", "ts_test_nobody"):
        with desk.db.refused("42501"):
            desk.accept(transfer, role=role)
    assert desk.accept(transfer, role="ticketing_worker")["outcome"] == "completed"


def test_it_needs_a_tenant(desk: Desk) -> None:
    text, values = query("accept_transfer", transfer_id=uuid4())
    with desk.db.acting("ticketing_app"), desk.db.refused("TK701"):
        desk.db.one(text, *values)


# --- callers that meet ---


@pytest.fixture
def world(clone: Database) -> Desk:
    with psycopg.connect(clone.superuser_url) as connection:
        db = Session(connection)
        return Desk(db, Make(db).tenant())


def seen(clone: Database, desk: Desk) -> Row:
    with psycopg.connect(clone.superuser_url) as connection:
        return Session(connection).one(
            "SELECT t.user_id, t.status, t.transfer_count, r.status AS transfer"
            " FROM ticketing.tickets AS t"
            " INNER JOIN ticketing.ticket_transfers AS r ON r.ticket_id = t.id WHERE t.id = %s",
            desk.ticket,
        )


def offered(clone: Database, desk: Desk) -> UUID:
    with psycopg.connect(clone.superuser_url) as connection:
        desk.db = Session(connection)
        desk.make = Make(desk.db)
        return desk.start()


def test_of_many_who_have_the_code_one_gets_the_ticket(clone: Database, world: Desk) -> None:
    transfer = offered(clone, world)
    with psycopg.connect(clone.superuser_url) as connection:
        people = [Make(Session(connection)).id("users", world.tenant) for _ in range(6)]

    def act(connection: psycopg.Connection, number: int) -> Any:
        return calling(
            "accept_transfer",
            transfer_id=transfer,
            acceptance_code_hash=CODE,
            user_id=people[number],
        )(connection)

    answers = race(clone, "ts_test_app", len(people), act, tenant=world.tenant)
    errors = [answer.sqlstate for answer in answers if isinstance(answer, psycopg.Error)]
    assert errors == ["TK223"] * 5
    (winner,) = [n for n, answer in enumerate(answers) if isinstance(answer, dict)]
    row = seen(clone, world)
    assert (row["user_id"], row["transfer_count"]) == (people[winner], 1)


def test_an_offer_that_is_being_withdrawn_is_not_accepted(clone: Database, world: Desk) -> None:
    transfer = offered(clone, world)
    cancel = calling("cancel_transfer", transfer_id=transfer, reason="so")
    accept = calling(
        "accept_transfer",
        transfer_id=transfer,
        acceptance_code_hash=CODE,
        user_id=world.friend,
    )
    _, error, waited = in_turn(clone, "ts_test_app", cancel, accept, tenant=world.tenant)
    assert waited
    assert isinstance(error, psycopg.Error)
    assert error.sqlstate == "TK224"
    assert seen(clone, world)["user_id"] == world.sender


def test_nor_withdrawn_when_it_is_being_accepted(clone: Database, world: Desk) -> None:
    transfer = offered(clone, world)
    cancel = calling("cancel_transfer", transfer_id=transfer, reason="so")
    accept = calling(
        "accept_transfer",
        transfer_id=transfer,
        acceptance_code_hash=CODE,
        user_id=world.friend,
    )
    _, error, waited = in_turn(clone, "ts_test_app", accept, cancel, tenant=world.tenant)
    assert waited
    assert isinstance(error, psycopg.Error)
    assert error.sqlstate == "TK224"
    assert seen(clone, world)["user_id"] == world.friend


def test_it_waits_for_the_ticket_before_it_touches_the_offer(clone: Database) -> None:
    with psycopg.connect(clone.superuser_url) as connection:
        db = Session(connection)
        desk = Desk(db, Make(db).tenant())
        transfer = desk.start()
    act = calling(
        "accept_transfer", transfer_id=transfer, acceptance_code_hash=CODE, user_id=desk.friend
    )
    answer = finds_the_offer_free(clone, desk, transfer, act)
    assert answer["outcome"] == "completed"
