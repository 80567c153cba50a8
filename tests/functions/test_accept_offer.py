"""accept_offer: a paid offer becomes tickets, in time and once."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID, uuid4

import pytest

from support.factories import Make, Row
from support.sales import RUN_OUT, call, counters, order_of, statuses
from support.session import Session

if TYPE_CHECKING:
    from conftest import Acting


@pytest.fixture
def kind(make: Make, tenant: UUID) -> UUID:
    made: UUID = make.ticket_type(tenant, 4, price_cents=1500)["id"]
    return made


@pytest.fixture
def offer(db: Session, make: Make, tenant: UUID, kind: UUID) -> Row:
    """An open offer of two."""
    make.id("waitlist", tenant, ticket_type_id=kind, quantity=2)
    with db.acting("ticketing_app", tenant=tenant):
        return call(db, "offer_waitlist", ticket_type_id=kind)


@pytest.mark.parametrize("role", ["ticketing_app", "ticketing_worker"])
def test_an_offer_is_bought_once(
    db: Session, make: Make, tenant: UUID, *, kind: UUID, offer: Row, role: str
) -> None:
    place, order = offer["waitlist_id"], order_of(make, tenant, 3000)
    with db.acting(role, tenant=tenant):
        bought = call(db, "accept_offer", waitlist_id=place, order_id=order)
        again = call(db, "accept_offer", waitlist_id=place, order_id=order)
        with db.refused("TK112"):
            call(db, "accept_offer", waitlist_id=place, order_id=uuid4())
    assert (bought["reservation_id"], bought["order_id"]) == (offer["reservation_id"], order)
    assert (bought["outcome"], len(bought["ticket_ids"])) == ("confirmed", 2)
    assert again == {**bought, "outcome": "replayed"}
    assert statuses(db, "waitlist", place) == ["converted"]
    assert statuses(db, "tickets", *bought["ticket_ids"]) == ["active", "active"]
    assert counters(db, kind) == (0, 2, 2)


def test_confirming_the_reservation_is_the_same(
    db: Session, tenant: UUID, offer: Row, as_tenant: Acting
) -> None:
    with as_tenant(tenant):
        call(db, "confirm_reservation", reservation_id=offer["reservation_id"])
        again = call(db, "accept_offer", waitlist_id=offer["waitlist_id"])
    assert again["outcome"] == "replayed"
    assert statuses(db, "waitlist", offer["waitlist_id"]) == ["converted"]


def test_tickets_may_wait_for_their_mint(
    db: Session, tenant: UUID, offer: Row, as_tenant: Acting
) -> None:
    with as_tenant(tenant):
        bought = call(
            db,
            "accept_offer",
            waitlist_id=offer["waitlist_id"],
            payment_reference="pi_1",
            ticket_status="sold",
        )
    assert statuses(db, "tickets", *bought["ticket_ids"]) == ["sold", "sold"]
    assert db.value("SELECT DISTINCT payment_id FROM ticketing.tickets") == "pi_1"


def test_a_late_payment_is_refused_with_no_sweeper(
    db: Session, tenant: UUID, offer: Row, as_tenant: Acting
) -> None:
    with as_tenant(tenant):
        db.run(RUN_OUT, offer["reservation_id"])
        with db.refused("TK105"):
            call(db, "accept_offer", waitlist_id=offer["waitlist_id"])
    assert statuses(db, "waitlist", offer["waitlist_id"]) == ["notified"]


def test_without_an_open_offer_there_is_nothing_to_buy(
    db: Session, make: Make, tenant: UUID, *, kind: UUID, offer: Row, as_tenant: Acting
) -> None:
    waiting = make.id("waitlist", tenant, ticket_type_id=kind)
    with as_tenant(tenant):
        with db.refused("TK118"):
            call(db, "accept_offer", waitlist_id=waiting)
        call(db, "leave_waitlist", waitlist_id=offer["waitlist_id"])
        with db.refused("TK118"):
            call(db, "accept_offer", waitlist_id=offer["waitlist_id"])


def test_who_may_call_for_which_offer(
    db: Session,
    make: Make,
    tenant: UUID,
    *,
    other_tenant: UUID,
    offer: Row,
    as_user: Acting,
    as_readonly: Acting,
    as_worker: Acting,
) -> None:
    place, foreign = offer["waitlist_id"], make.id("waitlist", other_tenant)
    stranger = make.id("users", tenant)
    with db.acting("ticketing_app", tenant=tenant):
        for absent in (None, uuid4(), foreign):
            with db.refused("TK117"):
                call(db, "accept_offer", waitlist_id=absent)
    with as_user(tenant, stranger), db.refused("TK117"):
        call(db, "accept_offer", waitlist_id=place)
    with as_user(tenant, offer["user_id"]), db.refused("TK119"):
        call(db, "accept_offer", waitlist_id=place)
    with as_readonly(tenant), db.refused("42501"):
        call(db, "accept_offer", waitlist_id=place)
    with as_worker(), db.refused("TK701"):
        call(db, "accept_offer", waitlist_id=place)
