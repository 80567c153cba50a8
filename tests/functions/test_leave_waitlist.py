"""leave_waitlist: out of the queue, and an open offer goes to the next."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID, uuid4

import psycopg
import pytest

from support.databases import Database
from support.factories import Make, Row
from support.races import in_turn
from support.sales import DRIFT, call, counters, statuses
from support.session import Session

if TYPE_CHECKING:
    from conftest import Acting


def leave(db: Session, place: UUID | None) -> Row:
    return call(db, "leave_waitlist", waitlist_id=place)


@pytest.fixture
def kind(make: Make, tenant: UUID) -> UUID:
    made: UUID = make.ticket_type(tenant, 2)["id"]
    return made


@pytest.fixture
def places(make: Make, tenant: UUID, kind: UUID) -> list[UUID]:
    """Two people who wait for two each."""
    return [make.id("waitlist", tenant, ticket_type_id=kind, quantity=2) for _ in range(2)]


@pytest.mark.parametrize("role", ["ticketing_app", "ticketing_worker"])
def test_whoever_waits_may_leave(
    db: Session, tenant: UUID, *, places: list[UUID], role: str
) -> None:
    with db.acting(role, tenant=tenant):
        gone = leave(db, places[0])
        assert leave(db, places[0]) == {**gone, "outcome": "replayed"}
    assert gone == {"waitlist_id": places[0], "status": "cancelled", "outcome": "left"}
    assert statuses(db, "waitlist", places[1]) == ["active"]


def test_an_offer_that_is_declined_goes_to_the_next(
    db: Session, tenant: UUID, *, kind: UUID, places: list[UUID], as_tenant: Acting
) -> None:
    with as_tenant(tenant):
        offer = call(db, "offer_waitlist", ticket_type_id=kind)
        gone = leave(db, places[0])
        assert leave(db, places[0]) == {**gone, "outcome": "replayed"}
        assert gone == {"waitlist_id": places[0], "status": "cancelled", "outcome": "left"}
        assert statuses(db, "reservations", offer["reservation_id"]) == ["cancelled"]
        assert counters(db, kind) == (0, 0, 2)
        assert call(db, "offer_waitlist", ticket_type_id=kind)["waitlist_id"] == places[1]


def test_what_is_bought_is_not_left(
    db: Session, tenant: UUID, *, kind: UUID, places: list[UUID], as_tenant: Acting
) -> None:
    with as_tenant(tenant):
        call(db, "offer_waitlist", ticket_type_id=kind)
        call(db, "accept_offer", waitlist_id=places[0])
        with db.refused("TK118"):
            leave(db, places[0])
    assert counters(db, kind) == (0, 2, 0)


def test_one_that_expired_stays_so(
    db: Session, make: Make, tenant: UUID, *, places: list[UUID], as_tenant: Acting
) -> None:
    make.advance("waitlist", places[0], "expired")
    with as_tenant(tenant):
        gone = leave(db, places[0])
    assert gone == {"waitlist_id": places[0], "status": "expired", "outcome": "replayed"}


def test_who_may_call_for_which_place(
    db: Session,
    make: Make,
    tenant: UUID,
    *,
    other_tenant: UUID,
    places: list[UUID],
    as_user: Acting,
    as_readonly: Acting,
    as_worker: Acting,
) -> None:
    foreign, stranger = make.id("waitlist", other_tenant), make.id("users", tenant)
    owner = db.value("SELECT user_id FROM ticketing.waitlist WHERE id = %s", places[0])
    with db.acting("ticketing_app", tenant=tenant):
        for absent in (None, uuid4(), foreign):
            with db.refused("TK117"):
                leave(db, absent)
    with as_user(tenant, stranger), db.refused("TK117"):
        leave(db, places[0])
    with as_readonly(tenant), db.refused("42501"):
        leave(db, places[0])
    with as_worker(), db.refused("TK701"):
        leave(db, places[0])
    with as_user(tenant, owner):
        assert leave(db, places[0])["outcome"] == "left"


def test_an_offer_made_while_the_person_leaves_is_declined(clone: Database) -> None:
    with psycopg.connect(clone.superuser_url) as connection:
        make = Make(Session(connection))
        tenant = make.tenant()
        kind = make.ticket_type(tenant, 2)["id"]
        place = make.id("waitlist", tenant, ticket_type_id=kind, quantity=2)

    def make_offer(connection: psycopg.Connection) -> Row:
        return call(Session(connection), "offer_waitlist", ticket_type_id=kind)

    def go(connection: psycopg.Connection) -> Row:
        return leave(Session(connection), place)

    _, answer, waited = in_turn(clone, "ts_test_app", make_offer, go, tenant=tenant)
    assert waited
    assert answer == {"waitlist_id": place, "status": "cancelled", "outcome": "left"}
    with psycopg.connect(clone.superuser_url) as connection:
        db = Session(connection)
        assert counters(db, kind) == (0, 0, 2)
        assert db.all(DRIFT) == []
