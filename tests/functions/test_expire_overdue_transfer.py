"""expire_overdue_transfer: an offer ends by the clock when somebody comes by."""

from __future__ import annotations

from uuid import UUID, uuid4

import psycopg
import pytest

from support.databases import Database
from support.factories import Make, overdue
from support.races import in_turn
from support.session import Session
from support.transfers import Desk, calling, finds_the_offer_free

CALL = "SELECT ticketing.expire_overdue_transfer(%s)"


@pytest.fixture
def desk(db: Session, tenant: UUID) -> Desk:
    return Desk(db, tenant)


def come_by(desk: Desk, *, role: str = "ticketing_app", **acting: object) -> bool:
    with desk.db.acting(role, tenant=desk.tenant, **acting):  # type: ignore[arg-type]
        ended: bool = desk.db.value(CALL, desk.ticket)
        return ended


@pytest.mark.parametrize("role", ["ticketing_app", "ticketing_worker"])
@pytest.mark.parametrize("actor", [None, "user", "admin"])
def test_an_overdue_offer_ends_whoever_comes_by(desk: Desk, role: str, actor: str | None) -> None:
    transfer = desk.start()
    assert come_by(desk, role=role, actor=actor) is False
    assert desk.read("ticket_transfers", transfer)["status"] == "pending"
    desk.overdue(transfer)
    assert come_by(desk, role=role, actor=actor) is True
    assert desk.read("ticket_transfers", transfer)["status"] == "expired"
    assert come_by(desk, role=role, actor=actor) is False


def test_the_actor_of_the_caller_is_left_as_it_was(desk: Desk) -> None:
    desk.overdue(desk.start())
    with desk.db.acting("ticketing_app", tenant=desk.tenant, actor="user"):
        desk.db.value(CALL, desk.ticket)
        assert desk.db.value("SELECT ticketing.current_actor_type()") == "user"


def test_an_accepted_offer_is_not_overdue(desk: Desk) -> None:
    transfer = desk.start(transfer_type="resale", price_cents=100)
    assert desk.accept(transfer)["status"] == "accepted"
    desk.overdue(transfer)
    assert come_by(desk) is False
    assert desk.read("ticket_transfers", transfer)["status"] == "accepted"


def test_the_holder_may_come_by(desk: Desk) -> None:
    transfer = desk.start()
    desk.overdue(transfer)
    assert come_by(desk, user=desk.sender, user_role="user") is True
    assert desk.read("ticket_transfers", transfer)["status"] == "expired"


def test_offers_of_other_tickets_and_tenants_stay(
    desk: Desk, make: Make, other_tenant: UUID
) -> None:
    other = make.id("ticket_transfers", desk.tenant, **overdue())
    foreign = make.row("ticket_transfers", other_tenant, **overdue())
    assert come_by(desk) is False
    with desk.db.acting("ticketing_app", tenant=desk.tenant):
        for ticket in (foreign["ticket_id"], uuid4(), None):
            assert desk.db.value(CALL, ticket) is False
    for transfer in (other, foreign["id"]):
        assert desk.read("ticket_transfers", transfer)["status"] == "pending"


def test_it_needs_a_tenant_and_a_writer(desk: Desk) -> None:
    with desk.db.acting("ticketing_app"), desk.db.refused("TK701"):
        desk.db.value(CALL, desk.ticket)
    with desk.db.acting("ticketing_readonly", tenant=desk.tenant), desk.db.refused("42501"):
        desk.db.value(CALL, desk.ticket)


def test_two_who_come_by_end_it_once(clone: Database) -> None:
    with psycopg.connect(clone.superuser_url) as connection:
        db = Session(connection)
        desk = Desk(db, Make(db).tenant())
        transfer = desk.start()
        desk.overdue(transfer)
    act = calling("expire_overdue_transfer", ticket_id=desk.ticket)
    first, second, waited = in_turn(clone, "ts_test_app", act, act, tenant=desk.tenant)
    assert waited
    assert first == second == {"expire_overdue_transfer": True}
    with psycopg.connect(clone.superuser_url) as connection:
        row = Session(connection).one(
            "SELECT status, version FROM ticketing.ticket_transfers WHERE id = %s", transfer
        )
    assert row == {"status": "expired", "version": 2}


def test_it_waits_for_the_ticket_before_it_touches_the_offer(clone: Database) -> None:
    """The order of everybody else: whoever has the ticket finds the offer free."""
    with psycopg.connect(clone.superuser_url) as connection:
        db = Session(connection)
        desk = Desk(db, Make(db).tenant())
        transfer = desk.start()
        desk.overdue(transfer)
    act = calling("expire_overdue_transfer", ticket_id=desk.ticket)
    answer = finds_the_offer_free(clone, desk, transfer, act)
    assert answer == {"expire_overdue_transfer": True}
