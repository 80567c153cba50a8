"""Failure 1: the last ticket is sold twice."""

from __future__ import annotations

from collections import Counter
from uuid import UUID

import psycopg

from defects.defect import Act, Race, Rewrite
from support.races import race as callers
from support.sales import DRIFT, calls, confirm, counters, key, reserve
from support.session import Session

# The counter moves without a look at what is free, and the table lets it go below zero.
UNCONDITIONAL = Rewrite(
    "move_ticket_inventory", "AND i.available_quantity >= p_reserved + p_sold + p_held", ""
)
UNCHECKED = (
    "ALTER TABLE ticketing.ticket_inventory DROP CONSTRAINT chk_ticket_inventory_available_positive"
)


def buy(kind: UUID, user: UUID) -> Act:
    def act(connection: psycopg.Connection) -> str:
        return str(reserve(Session(connection), kind, user_id=user)["outcome"])

    return act


def got(answer: object) -> object:
    return getattr(answer, "sqlstate", answer)


def last_place(race: Race) -> object:
    """Lets two people want the last place at once; returns their answers and what is left."""
    kind = race.make.ticket_type(race.tenant, 1)["id"]
    one, other = [buy(kind, race.make.id("users", race.tenant)) for _ in range(2)]
    answers = race.run(one, other)
    return (*map(got, answers), counters(race.db, kind)[2])


def test_two_buyers_want_the_last_ticket_at_once(race: Race) -> None:
    race.prove(
        lambda: last_place(race),
        UNCONDITIONAL,
        UNCHECKED,
        promised=("created", "TK101", 0),
        broken=("created", "created", -1),
    )


def test_the_check_of_the_table_stands_behind_the_condition(race: Race) -> None:
    race.prove(
        lambda: last_place(race),
        UNCONDITIONAL,
        promised=("created", "TK101", 0),
        broken=("created", "23514", 0),
    )


def test_fifty_buyers_want_ten_tickets(race: Race) -> None:
    kind = race.make.ticket_type(race.tenant, 10)["id"]
    people = [race.make.id("users", race.tenant) for _ in range(50)]
    race.db.connection.commit()

    def act(connection: psycopg.Connection, number: int) -> str:
        return str(buy(kind, people[number])(connection))

    answers = Counter(
        map(str, map(got, callers(race.target, "ts_test_app", 50, act, tenant=race.tenant)))
    )
    assert answers == Counter({"created": 10, "TK101": 40})
    assert counters(race.db, kind) == (10, 0, 0)
    assert race.db.all(DRIFT) == []


def test_fifty_buyers_want_what_may_go_below_zero(race: Race) -> None:
    """The same crowd without the guard sells more than there is, so the crowd is a fair test."""
    # A look without a lock stands before the counter, and lets a crowd pass that is dense enough.
    blind = Rewrite("guard_reservation", "v_type.available_quantity < NEW.quantity", "FALSE")

    def look() -> object:
        kind = race.make.ticket_type(race.tenant, 2)["id"]
        people = [race.make.id("users", race.tenant) for _ in range(10)]
        race.db.connection.commit()

        def act(connection: psycopg.Connection, number: int) -> str:
            return str(buy(kind, people[number])(connection))

        answers = callers(race.target, "ts_test_app", 10, act, tenant=race.tenant)
        return list(map(got, answers)).count("created")

    race.prove(look, UNCONDITIONAL, UNCHECKED, blind, promised=2, broken=10)


def test_two_buyers_want_the_last_bundle_at_once(race: Race) -> None:
    def look() -> object:
        make, tenant = race.make, race.tenant
        bundle = make.id("ticket_bundles", tenant)
        kinds = [make.ticket_type(tenant, stock)["id"] for stock in (5, 1)]
        for kind in kinds:
            make.id("ticket_bundle_items", tenant, bundle_id=bundle, ticket_type_id=kind)

        def act(user: UUID) -> Act:
            def reserve_bundle(connection: psycopg.Connection) -> int:
                given = {"bundle_id": bundle, "count": 1, "idempotency_key": key()}
                return len(calls(Session(connection), "reserve_bundle", **given, user_id=user))

            return reserve_bundle

        people = [make.id("users", tenant) for _ in range(2)]
        one, other = race.run(act(people[0]), act(people[1]))
        return got(one), got(other), [counters(race.db, kind)[2] for kind in kinds]

    race.prove(
        look,
        UNCONDITIONAL,
        UNCHECKED,
        promised=(2, "TK101", [4, 0]),
        broken=(2, 2, [3, -1]),
    )


def test_two_webhooks_confirm_one_reservation_at_once(race: Race) -> None:
    """One place, one ticket: a second row of tickets is a second sale of it."""

    def look() -> object:
        kind = race.make.ticket_type(race.tenant, 1)["id"]
        claim = race.make.id("reservations", race.tenant, ticket_type_id=kind)
        order = race.make.id("orders", race.tenant)

        def act(connection: psycopg.Connection) -> str:
            return str(confirm(Session(connection), claim, order)["outcome"])

        answers = race.run(act, act)
        count = "SELECT count(*) FROM ticketing.tickets WHERE reservation_id = %s"
        return (*map(got, answers), race.db.value(count, claim))

    race.prove(
        look,
        Rewrite("lock_order", "FOR NO KEY UPDATE", ""),
        Rewrite("confirm_reservation", "ORDER BY r.id FOR NO KEY UPDATE", ""),
        Rewrite(
            "confirm_reservation",
            "AND r.id = ANY (v_ids) AND r.status = 'pending';",
            "AND r.id = ANY (v_ids);",
        ),
        promised=("confirmed", "replayed", 1),
        broken=("confirmed", "confirmed", 2),
    )
