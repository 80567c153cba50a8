"""Failure 3: paid after the hold ran out, and the place sold meanwhile."""

from __future__ import annotations

from uuid import UUID

import psycopg
import pytest

from defects.defect import Act, Race, Rewrite, put_back
from support.factories import overdue
from support.sales import RUN_OUT, call, confirm, counters, order_of, request, reserve
from support.session import Session

# Each of the two asks the clock; one of them is enough.
BLIND_CALL = Rewrite(
    "confirm_reservation",
    "IF v_cart.is_expired OR clock_timestamp() >= v_cart.expires_at THEN",
    "IF FALSE THEN",
)
BLIND_TRIGGER = Rewrite(
    "guard_reservation",
    "IF NEW.status = 'confirmed' AND v_now >= OLD.expires_at THEN",
    "IF FALSE THEN",
)
TICKETS = "SELECT count(*) FROM ticketing.tickets WHERE reservation_id = %s"


def pay(claim: UUID, order: UUID) -> Act:
    def act(connection: psycopg.Connection) -> str:
        return str(confirm(Session(connection), claim, order)["outcome"])

    return act


def run_out(claim: UUID) -> Act:
    return lambda connection: connection.execute(RUN_OUT, [claim]).rowcount


def paid(race: Race, claim: UUID, answer: object) -> tuple[object, int]:
    """Returns what the payer got, and how many tickets."""
    tickets: int = race.db.value(TICKETS, claim)
    return getattr(answer, "sqlstate", answer), tickets


def claimed(race: Race, **given: object) -> tuple[UUID, UUID, UUID]:
    """Returns a type with one place, the reservation that has it, and its paid order."""
    kind = race.make.ticket_type(race.tenant, 1)["id"]
    claim = race.make.id("reservations", race.tenant, ticket_type_id=kind, **given)
    return kind, claim, order_of(race.make, race.tenant, 2500)


def test_the_payment_comes_when_the_time_is_over_and_no_sweeper_runs(race: Race) -> None:
    def look() -> object:
        _, claim, order = claimed(race, **overdue())
        return paid(race, claim, race.alone(pay(claim, order)))

    race.prove(look, BLIND_CALL, BLIND_TRIGGER, promised=("TK105", 0), broken=("confirmed", 1))


def test_the_time_runs_out_while_the_payment_waits_for_the_row(race: Race) -> None:
    def look() -> object:
        _, claim, order = claimed(race)
        _, answer = race.run(run_out(claim), pay(claim, order))
        return paid(race, claim, answer)

    race.prove(look, BLIND_CALL, BLIND_TRIGGER, promised=("TK105", 0), broken=("confirmed", 1))


@pytest.mark.parametrize("blind", [BLIND_CALL, BLIND_TRIGGER], ids=lambda b: b.function)
def test_one_of_the_two_that_ask_the_clock_is_enough(race: Race, blind: Rewrite) -> None:
    put_back(race.db, blind)
    _, claim, order = claimed(race, **overdue())
    assert paid(race, claim, race.alone(pay(claim, order))) == ("TK105", 0)


def test_the_place_goes_to_somebody_else_while_the_payment_waits(race: Race) -> None:
    """Sweeper and next buyer are one transaction, and the late payer comes in between."""

    def look() -> object:
        kind, claim, order = claimed(race, **overdue())
        next_buyer = race.make.id("users", race.tenant)

        def sell_on(connection: psycopg.Connection) -> str:
            db = Session(connection)
            db.run("UPDATE ticketing.reservations SET status = 'expired' WHERE id = %s", claim)
            return str(reserve(db, kind, user_id=next_buyer)["outcome"])

        first, answer = race.run(sell_on, pay(claim, order))
        return first, paid(race, claim, answer), counters(race.db, kind)

    # Without the clock, the final states and the counters behind it there is nothing left.
    race.prove(
        look,
        BLIND_CALL,
        BLIND_TRIGGER,
        Rewrite("confirm_reservation", "AND r.status = 'pending'", ""),
        "ALTER TABLE ticketing.reservations DISABLE TRIGGER trg_reservations_05_change_status",
        "ALTER TABLE ticketing.reservations DROP CONSTRAINT chk_reservations_released",
        promised=("created", ("TK105", 0), (1, 0, 0)),
        broken=("created", ("confirmed", 1), (1, 0, 0)),
    )


def test_a_late_payment_goes_back_and_never_becomes_a_ticket(race: Race) -> None:
    def look() -> object:
        _, claim, order = claimed(race, **overdue())
        answer = race.alone(pay(claim, order))

        def ask(connection: psycopg.Connection) -> int:
            asked: int = request(Session(connection), order)["amount_cents"]
            return asked

        return paid(race, claim, answer), race.alone(ask)

    race.prove(
        look,
        BLIND_CALL,
        BLIND_TRIGGER,
        promised=(("TK105", 0), 2500),
        broken=(("confirmed", 1), 2500),
    )


def test_an_offer_to_the_waitlist_runs_out_while_the_payment_waits(race: Race) -> None:
    def look() -> object:
        kind = race.make.ticket_type(race.tenant, 1)["id"]
        place = race.make.id("waitlist", race.tenant, ticket_type_id=kind)
        order = order_of(race.make, race.tenant, 2500)
        offer: UUID = race.alone(
            lambda at: call(Session(at), "offer_waitlist", ticket_type_id=kind)["reservation_id"]
        )  # type: ignore[assignment]

        def accept(connection: psycopg.Connection) -> str:
            given = {"waitlist_id": place, "order_id": order}
            return str(call(Session(connection), "accept_offer", **given)["outcome"])

        _, answer = race.run(run_out(offer), accept)
        return paid(race, offer, answer)

    race.prove(look, BLIND_CALL, BLIND_TRIGGER, promised=("TK105", 0), broken=("confirmed", 1))
