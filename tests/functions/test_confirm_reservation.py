"""confirm_reservation: a paid reservation becomes tickets, in time and once."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

import psycopg
import pytest

from support.databases import Database
from support.factories import Make, Row
from support.races import in_turn, race
from support.sales import (
    DRIFT,
    RUN_OUT,
    calls,
    cancel,
    confirm,
    counters,
    order_of,
    reserve,
    statuses,
)
from support.session import Session

if TYPE_CHECKING:
    from conftest import Acting


@pytest.fixture
def user(make: Make, tenant: UUID) -> UUID:
    return make.id("users", tenant)


@pytest.fixture
def kind(make: Make, tenant: UUID) -> UUID:
    """A type of ten at a price that three cannot share evenly when it is lowered."""
    event = make.id("events", tenant, venue_id=make.id("venues", tenant))
    made: UUID = make.ticket_type(tenant, 10, event_id=event, price_cents=1000)["id"]
    return made


@pytest.fixture
def claim(db: Session, tenant: UUID, kind: UUID, user: UUID) -> UUID:
    """A reservation of three."""
    with db.acting("ticketing_app", tenant=tenant):
        made: UUID = reserve(db, kind, 3, user_id=user)["reservation_id"]
    return made


@pytest.fixture
def order(make: Make, tenant: UUID, user: UUID) -> UUID:
    return order_of(make, tenant, 3000, user_id=user)


def tickets(db: Session) -> list[Row]:
    return db.all("SELECT * FROM ticketing.tickets ORDER BY id")


@pytest.mark.parametrize("role", ["ticketing_app", "ticketing_worker"])
def test_a_paid_reservation_becomes_tickets(
    db: Session, tenant: UUID, *, kind: UUID, claim: UUID, order: UUID, user: UUID, role: str
) -> None:
    with db.acting(role, tenant=tenant):
        sold = confirm(db, claim, order, payment_reference="pi_1")
    stored = db.one("SELECT * FROM ticketing.reservations")
    issued = tickets(db)
    assert sold == {
        "reservation_id": claim,
        "order_id": order,
        "status": "confirmed",
        "confirmed_at": stored["confirmed_at"],
        "ticket_ids": [t["id"] for t in issued],
        "outcome": "confirmed",
    }
    event = db.one("SELECT * FROM ticketing.events")
    for ticket in issued:
        assert ticket["status"] == "active"
        assert (ticket["user_id"], ticket["original_purchaser_id"]) == (user, user)
        assert (ticket["order_id"], ticket["reservation_id"]) == (order, claim)
        assert (ticket["price_cents"], ticket["face_value_cents"]) == (1000, 1000)
        assert (ticket["event_id"], ticket["venue_id"]) == (event["id"], event["venue_id"])
        assert (ticket["payment_id"], ticket["currency"]) == ("pi_1", "USD")
        assert ticket["purchased_at"] is not None
    assert counters(db, kind) == (0, 3, 7)
    spent = "SELECT ticket_purchase_count AS n, total_spent_cents AS c FROM ticketing.users"
    assert db.one(spent + " WHERE id = %s", user) == {"n": 3, "c": 3000}


def test_the_price_is_that_of_the_reservation_to_the_cent(
    db: Session, make: Make, tenant: UUID, *, kind: UUID, user: UUID
) -> None:
    with db.acting("ticketing_app", tenant=tenant):
        (made,) = calls(
            db,
            "reserve_cart",
            ticket_type_ids=[kind],
            quantities=[3],
            idempotency_key="key",
            user_id=user,
            totals_cents=[1001],
        )
        db.run("UPDATE ticketing.ticket_types SET price_cents = 5000")
        confirm(db, made["reservation_id"])
    assert sorted(t["price_cents"] for t in tickets(db)) == [333, 334, 334]


def test_a_reservation_without_a_price_takes_that_of_its_type(
    db: Session, make: Make, tenant: UUID, *, kind: UUID, user: UUID
) -> None:
    claim = make.id("reservations", tenant, ticket_type_id=kind, user_id=user, quantity=2)
    with db.acting("ticketing_app", tenant=tenant):
        confirm(db, claim)
    assert [t["price_cents"] for t in tickets(db)] == [1000, 1000]


def test_tickets_may_wait_for_their_mint(
    db: Session, tenant: UUID, claim: UUID, as_tenant: Acting
) -> None:
    with as_tenant(tenant):
        confirm(db, claim, ticket_status="sold")
    assert {t["status"] for t in tickets(db)} == {"sold"}


@pytest.mark.parametrize(("status", "picked"), [("active", 1), ("sold", 1), ("active", 3)])
def test_places_that_were_picked_are_taken_first(
    db: Session,
    make: Make,
    tenant: UUID,
    *,
    kind: UUID,
    claim: UUID,
    order: UUID,
    status: str,
    picked: int,
) -> None:
    places = [
        make.id(
            "tickets",
            tenant,
            ticket_type_id=kind,
            status="reserved",
            reservation_id=claim,
            seat=str(number),
        )
        for number in range(picked)
    ]
    with db.acting("ticketing_app", tenant=tenant):
        sold = confirm(db, claim, order, ticket_status=status)
    assert set(places) <= set(sold["ticket_ids"])
    assert len(sold["ticket_ids"]) == 3
    assert {(t["status"], t["price_cents"], t["order_id"]) for t in tickets(db)} == {
        (status, 1000, order)
    }


def test_the_odd_cents_go_to_picked_places_first(
    db: Session, make: Make, tenant: UUID, *, kind: UUID, user: UUID
) -> None:
    claim = make.id(
        "reservations",
        tenant,
        ticket_type_id=kind,
        user_id=user,
        quantity=3,
        total_cents=1001,
        currency="USD",
    )
    place = make.id("tickets", tenant, ticket_type_id=kind, status="reserved", reservation_id=claim)
    with db.acting("ticketing_app", tenant=tenant):
        confirm(db, claim)
    prices = {t["id"]: t["price_cents"] for t in tickets(db)}
    assert prices[place] == 334
    assert sorted(prices.values()) == [333, 334, 334]


def test_a_guest_gives_an_address(db: Session, tenant: UUID, kind: UUID, as_tenant: Acting) -> None:
    with as_tenant(tenant):
        claim = reserve(db, kind, guest_session="browser")["reservation_id"]
        for missing in (None, " "):
            with db.refused("TK001"):
                confirm(db, claim, purchaser_email=missing)
        confirm(db, claim, purchaser_email=" Ann@Example.org ")
    (ticket,) = tickets(db)
    assert (ticket["user_id"], ticket["purchaser_email"]) == (None, "ann@example.org")


@pytest.mark.parametrize("status", [None, "reserved", "checked_in"])
def test_no_other_status_of_a_ticket_is_given(
    db: Session, tenant: UUID, claim: UUID, status: str | None
) -> None:
    with db.acting("ticketing_app", tenant=tenant), db.refused("TK001"):
        confirm(db, claim, ticket_status=status)


# --- the cart ---


@pytest.fixture
def cart(db: Session, make: Make, tenant: UUID, *, kind: UUID, user: UUID) -> list[Row]:
    """A cart of two types."""
    other = make.ticket_type(tenant, 10, price_cents=500)["id"]
    with db.acting("ticketing_app", tenant=tenant):
        return calls(
            db,
            "reserve_cart",
            ticket_type_ids=[kind, other],
            quantities=[1, 2],
            idempotency_key="key",
            user_id=user,
        )


def test_a_cart_is_confirmed_as_one(
    db: Session, tenant: UUID, cart: list[Row], as_tenant: Acting
) -> None:
    ids = sorted(r["reservation_id"] for r in cart)
    with as_tenant(tenant):
        sold = calls(db, "confirm_reservation", reservation_id=ids[1])
        again = calls(db, "confirm_reservation", reservation_id=ids[0])
    assert [r["reservation_id"] for r in sold] == ids
    assert again == [{**r, "outcome": "replayed"} for r in sold]
    assert len(tickets(db)) == 3


def test_one_part_that_ran_out_ends_the_cart(
    db: Session, tenant: UUID, cart: list[Row], as_tenant: Acting
) -> None:
    with as_tenant(tenant):
        db.run(RUN_OUT, cart[0]["reservation_id"])
        with db.refused("TK105"):
            confirm(db, cart[1]["reservation_id"])
    assert tickets(db) == []


# --- by the clock ---


def test_a_millisecond_late_is_late_with_no_sweeper(
    db: Session, tenant: UUID, claim: UUID, as_tenant: Acting
) -> None:
    late = """
        UPDATE ticketing.reservations
        SET created_at = now() - interval '1 minute',
            expires_at = clock_timestamp() - interval '1 millisecond'
        WHERE id = %s
    """
    with db.unguarded("reservations", "10_guard"):
        db.run(late, claim)
    with as_tenant(tenant), db.refused("TK105"):
        confirm(db, claim)
    assert tickets(db) == []


def test_in_time_is_in_time_and_answers_for_ever(
    db: Session, tenant: UUID, claim: UUID, as_tenant: Acting
) -> None:
    soon = """
        UPDATE ticketing.reservations SET expires_at = clock_timestamp() + interval '5 seconds'
        WHERE id = %s
    """
    with as_tenant(tenant):
        db.run(soon, claim)
        sold = confirm(db, claim)
        db.run(RUN_OUT, claim)
        assert confirm(db, claim) == {**sold, "outcome": "replayed"}


def test_one_that_ended_is_refused_by_its_own_code(
    db: Session, make: Make, tenant: UUID, *, kind: UUID, claim: UUID, user: UUID
) -> None:
    with db.acting("ticketing_app", tenant=tenant):
        gone = reserve(db, kind, user_id=user)["reservation_id"]
        cancel(db, gone)
        with db.refused("TK113"):
            confirm(db, gone)
        db.run(RUN_OUT, claim)
        db.run("UPDATE ticketing.reservations SET status = 'expired' WHERE id = %s", claim)
        with db.refused("TK105"):
            confirm(db, claim)


# --- the order ---


def test_a_repeat_issues_nothing_more_and_another_order_is_refused(
    db: Session, make: Make, tenant: UUID, *, claim: UUID, order: UUID, as_tenant: Acting
) -> None:
    second = order_of(make, tenant, 3000)
    with as_tenant(tenant):
        sold = confirm(db, claim, order)
        assert confirm(db, claim, order) == {**sold, "outcome": "replayed"}
        assert confirm(db, claim) == {**sold, "outcome": "replayed"}
        with db.refused("TK112"):
            confirm(db, claim, second)
    assert len(tickets(db)) == 3


def test_without_an_order_one_is_announced(
    db: Session, tenant: UUID, *, claim: UUID, user: UUID, as_tenant: Acting
) -> None:
    with as_tenant(tenant):
        sold = confirm(db, claim)
        announced = db.one("SELECT * FROM ticketing.orders")
    assert (announced["id"], announced["user_id"]) == (sold["order_id"], user)
    assert (announced["version"], announced["status"]) == (-1, "confirmed")


@pytest.mark.parametrize("status", ["cancelled", "expired", "failed", "refunded"])
def test_an_order_that_ended_gets_no_tickets(
    db: Session, make: Make, tenant: UUID, *, claim: UUID, status: str
) -> None:
    order = make.id("orders", tenant, status=status)
    with db.acting("ticketing_app", tenant=tenant), db.refused("TK114"):
        confirm(db, claim, order)


@pytest.mark.parametrize("differs", ["user", "currency", "nothing"])
def test_the_order_is_the_buyers(
    db: Session, make: Make, tenant: UUID, *, claim: UUID, user: UUID, differs: str
) -> None:
    order = order_of(
        make,
        tenant,
        3000,
        user_id=make.id("users", tenant) if differs == "user" else None,
        currency="EUR" if differs == "currency" else "USD",
    )
    with db.acting("ticketing_app", tenant=tenant):
        if differs == "nothing":
            assert confirm(db, claim, order)["order_id"] == order
        else:
            with db.refused("TK115"):
                confirm(db, claim, order)


# --- who ---


def test_an_unknown_or_foreign_reservation_is_not_found(
    db: Session, make: Make, tenant: UUID, other_tenant: UUID, as_tenant: Acting
) -> None:
    for absent in (None, uuid4(), make.id("reservations", other_tenant)):
        with as_tenant(tenant), db.refused("TK110"):
            confirm(db, absent)


def test_who_may_call(
    db: Session,
    tenant: UUID,
    *,
    claim: UUID,
    user: UUID,
    as_user: Acting,
    as_readonly: Acting,
    as_worker: Acting,
) -> None:
    with as_user(tenant, user), db.refused("TK119"):
        confirm(db, claim)
    with as_readonly(tenant), db.refused("42501"):
        confirm(db, claim)
    with as_worker(), db.refused("TK701"):
        confirm(db, claim)
    with as_user(tenant, user, "staff"):
        assert confirm(db, claim)["outcome"] == "confirmed"


# --- callers that meet ---


def sale(clone: Database, **given: Any) -> tuple[UUID, UUID, UUID]:
    with psycopg.connect(clone.superuser_url) as connection:
        make = Make(Session(connection))
        tenant = make.tenant()
        kind = make.ticket_type(tenant, 10)["id"]
        claim = make.id("reservations", tenant, ticket_type_id=kind, quantity=2, **given)
        return tenant, kind, claim


@pytest.mark.parametrize("orders", [1, 2, 12])
def test_callers_with_one_or_many_orders_issue_once(clone: Database, orders: int) -> None:
    tenant, kind, claim = sale(clone)
    ids = [uuid4() for _ in range(orders)]

    def act(connection: psycopg.Connection, number: int) -> str:
        return str(confirm(Session(connection), claim, ids[number % orders])["outcome"])

    results = race(clone, "ts_test_app", 12, act, tenant=tenant)
    got = Counter(r.sqlstate if isinstance(r, psycopg.Error) else r for r in results)
    same = 12 // orders
    assert +got == +Counter({"confirmed": 1, "replayed": same - 1, "TK112": 12 - same})
    with psycopg.connect(clone.superuser_url) as connection:
        db = Session(connection)
        assert len(tickets(db)) == 2
        assert db.value("SELECT count(*) FROM ticketing.orders") == 1
        assert counters(db, kind) == (0, 2, 8)
        assert db.all(DRIFT) == []


def test_cancel_and_confirmation_that_meet_end_in_one_of_the_two(clone: Database) -> None:
    tenant, kind, claim = sale(clone)

    def act(connection: psycopg.Connection, number: int) -> str:
        db = Session(connection)
        return str((confirm(db, claim) if number % 2 else cancel(db, claim))["outcome"])

    race(clone, "ts_test_app", 8, act, tenant=tenant)
    with psycopg.connect(clone.superuser_url) as connection:
        db = Session(connection)
        # Whoever confirms first may still be cancelled, tickets and all; never the other way.
        assert statuses(db, "reservations", claim) == ["cancelled"]
        assert {t["status"] for t in tickets(db)} <= {"cancelled"}
        assert counters(db, kind) == (0, 0, 10)
        assert db.all(DRIFT) == []


def test_a_deadline_that_passes_while_the_row_is_locked_counts(clone: Database) -> None:
    tenant, kind, claim = sale(clone)

    def end(connection: psycopg.Connection) -> None:
        connection.execute(RUN_OUT, [claim])

    def late(connection: psycopg.Connection) -> str:
        return str(confirm(Session(connection), claim)["outcome"])

    _, answer, waited = in_turn(clone, "ts_test_app", end, late, tenant=tenant)
    assert waited
    assert isinstance(answer, psycopg.Error)
    assert answer.sqlstate == "TK105"
    with psycopg.connect(clone.superuser_url) as connection:
        assert counters(Session(connection), kind) == (2, 0, 8)
