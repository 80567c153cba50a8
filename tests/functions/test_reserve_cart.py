"""reserve_cart: tickets of several types at once, or none."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

import psycopg
import pytest

from support.databases import Database
from support.factories import Make, Row
from support.names import shown
from support.races import in_turn, race, until_it_waits
from support.sales import DRIFT, RUN_OUT, calls, counters
from support.session import Session

if TYPE_CHECKING:
    from conftest import Acting


@pytest.fixture
def kinds(make: Make, tenant: UUID) -> list[UUID]:
    """Two types of ten, in the order of their ids."""
    event = make.id("events", tenant)
    return sorted(
        make.ticket_type(tenant, 10, event_id=event, price_cents=price)["id"]
        for price in (1000, 1000)
    )


@pytest.fixture
def user(make: Make, tenant: UUID) -> UUID:
    return make.id("users", tenant)


def cart(db: Session, kinds: list[UUID] | None, **given: Any) -> list[Row]:
    usual = {"ticket_type_ids": kinds, "quantities": [2, 3], "idempotency_key": "key"}
    return calls(db, "reserve_cart", **(usual | given))


@pytest.mark.parametrize("role", ["ticketing_app", "ticketing_worker"])
def test_a_cart_is_reserved_as_one(
    db: Session, tenant: UUID, *, kinds: list[UUID], user: UUID, role: str
) -> None:
    with db.acting(role, tenant=tenant):
        made = cart(db, kinds, user_id=user)
    assert [(r["ticket_type_id"], r["quantity"], r["total_cents"]) for r in made] == [
        (kinds[0], 2, 2000),
        (kinds[1], 3, 3000),
    ]
    assert {(r["status"], r["outcome"], r["currency"]) for r in made} == {
        ("pending", "created", "USD")
    }
    assert len({r["group_id"] for r in made}) == 1
    assert made[0]["group_id"] is not None
    stored = db.all("SELECT * FROM ticketing.reservations ORDER BY ticket_type_id")
    assert [r["id"] for r in stored] == [r["reservation_id"] for r in made]
    assert all(r["user_id"] == user and r["type_name"] for r in stored)
    assert [counters(db, kind) for kind in kinds] == [(2, 0, 8), (3, 0, 7)]


def test_the_same_key_finds_the_same_cart_at_the_same_price(
    db: Session, tenant: UUID, *, kinds: list[UUID], user: UUID, as_tenant: Acting
) -> None:
    with as_tenant(tenant):
        made = cart(db, kinds, user_id=user)
        db.run("UPDATE ticketing.ticket_types SET price_cents = 9000")
        turned = cart(db, kinds[::-1], quantities=[3, 2], user_id=user)
    assert turned == [{**r, "outcome": "replayed"} for r in made]
    assert [counters(db, kind) for kind in kinds] == [(2, 0, 8), (3, 0, 7)]


def test_a_repeat_says_that_the_cart_has_run_out(
    db: Session, tenant: UUID, *, kinds: list[UUID], user: UUID, as_tenant: Acting
) -> None:
    with as_tenant(tenant):
        made = cart(db, kinds, user_id=user)
        db.run(RUN_OUT, made[0]["reservation_id"])
        assert [r["status"] for r in cart(db, kinds, user_id=user)] == ["expired", "pending"]


@pytest.mark.parametrize("other", ["quantities", "types", "user", "tickets"])
def test_the_same_key_for_something_else_is_a_conflict(
    db: Session, make: Make, tenant: UUID, *, kinds: list[UUID], user: UUID, other: str
) -> None:
    others: dict[str, Row] = {
        "quantities": {"quantities": [3, 2]},
        "types": {"kinds": kinds[:1], "quantities": [2]},
        "user": {"user_id": make.id("users", tenant)},
        "tickets": {"tickets": {"row": 1}},
    }
    given: Row = {"kinds": kinds, "user_id": user} | others[other]
    with db.acting("ticketing_app", tenant=tenant):
        cart(db, kinds, user_id=user)
        with db.refused("TK122"):
            cart(db, given.pop("kinds"), **given)


def test_one_more_type_under_the_key_of_another_cart_is_a_conflict(
    db: Session, tenant: UUID, *, kinds: list[UUID], user: UUID, as_tenant: Acting
) -> None:
    with as_tenant(tenant):
        cart(db, kinds[:1], quantities=[2], user_id=user)
        with db.refused("TK122"):
            cart(db, kinds, user_id=user)
    assert counters(db, kinds[1]) == (0, 0, 10)


def test_one_type_too_many_takes_nothing_of_the_others(
    db: Session, tenant: UUID, *, kinds: list[UUID], user: UUID, as_tenant: Acting
) -> None:
    with as_tenant(tenant):
        db.run("SELECT ticketing.set_ticket_quantity(%s, 2)", kinds[1])
        with db.refused("TK101"):
            cart(db, kinds, user_id=user)
    assert [counters(db, kind) for kind in kinds] == [(0, 0, 10), (0, 0, 2)]


@pytest.mark.parametrize(
    ("code", "given"),
    [
        ("TK123", {"idempotency_key": None}),
        ("TK123", {"idempotency_key": " "}),
        ("TK001", {"idempotency_key": "k" * 256}),
        ("TK001", {"ticket_type_ids": None}),
        ("TK001", {"ticket_type_ids": [], "quantities": []}),
        ("TK001", {"quantities": [1]}),
        ("TK001", {"quantities": [1, None]}),
        ("TK001", {"quantities": None}),
        ("TK001", {"totals_cents": [1]}),
        ("TK001", {"totals_cents": [1, -1]}),
        ("TK001", {"totals_cents": [1, None]}),
        ("TK001", {"time_to_live": timedelta(milliseconds=999)}),
        ("TK001", {"time_to_live": timedelta(hours=24, seconds=1)}),
        ("TK001", {"guest_session": "guest"}),
        ("TK001", {"guest_session": " ", "user_id": None}),
        ("TK001", {"user_id": None}),
        ("TK001", {"tickets": None}),
        ("TK103", {"quantities": [0, 1]}),
        ("TK103", {"quantities": [1, 11]}),
    ],
    ids=shown,
)
def test_a_malformed_cart_is_refused(
    db: Session, tenant: UUID, *, kinds: list[UUID], user: UUID, code: str, given: Row
) -> None:
    with db.acting("ticketing_app", tenant=tenant), db.refused(code):
        cart(db, kinds, **({"user_id": user} | given))


def test_a_type_twice_or_unknown_or_of_another_tenant_is_refused(
    db: Session, make: Make, tenant: UUID, *, other_tenant: UUID, kinds: list[UUID], user: UUID
) -> None:
    foreign = make.ticket_type(other_tenant)["id"]
    with db.acting("ticketing_app", tenant=tenant):
        with db.refused("TK001"):
            cart(db, [kinds[0], kinds[0]], user_id=user)
        for absent in (uuid4(), foreign):
            with db.refused("TK108"):
                cart(db, [kinds[0], absent], user_id=user)


def test_a_cart_has_one_currency(
    db: Session, make: Make, tenant: UUID, *, kinds: list[UUID], user: UUID
) -> None:
    euros = make.ticket_type(tenant, 10, currency="EUR")["id"]
    with db.acting("ticketing_app", tenant=tenant), db.refused("TK133"):
        cart(db, [kinds[0], euros], user_id=user)


@pytest.mark.parametrize(
    ("status", "sells"),
    [
        ("published", True),
        ("postponed", True),
        ("draft", False),
        ("cancelled", False),
        ("completed", False),
    ],
)
def test_only_published_events_sell(
    db: Session, make: Make, tenant: UUID, *, user: UUID, status: str, sells: bool
) -> None:
    event = make.id("events", tenant, status=status)
    kind = make.ticket_type(tenant, 10, event_id=event)["id"]
    with db.acting("ticketing_app", tenant=tenant):
        if sells:
            assert cart(db, [kind], quantities=[1], user_id=user)
        else:
            with db.refused("TK102"):
                cart(db, [kind], quantities=[1], user_id=user)


def test_another_price_may_be_agreed(
    db: Session, tenant: UUID, *, kinds: list[UUID], user: UUID, as_tenant: Acting
) -> None:
    with as_tenant(tenant):
        made = cart(db, kinds, user_id=user, totals_cents=[0, 1])
    assert [r["total_cents"] for r in made] == [0, 1]


@pytest.mark.parametrize(
    ("settings", "given", "seconds"),
    [
        ({}, {}, 900),
        ({"reservation_ttl_seconds": "60"}, {}, 60),
        ({"reservation_ttl_seconds": 60}, {"time_to_live": timedelta(seconds=1)}, 1),
        ({"reservation_ttl_seconds": "soon"}, {}, 900),
        ({"reservation_ttl_seconds": 0}, {}, 900),
    ],
    ids=shown,
)
def test_how_long_a_cart_lives(
    db: Session, make: Make, *, settings: Row, given: Row, seconds: int
) -> None:
    tenant = make.tenant(settings=settings)
    kind, user = make.ticket_type(tenant, 10)["id"], make.id("users", tenant)
    with db.acting("ticketing_app", tenant=tenant):
        (made,) = cart(db, [kind], quantities=[1], user_id=user, **given)
    left = made["expires_at"] - datetime.now(UTC)
    assert timedelta(seconds=seconds - 30) < left <= timedelta(seconds=seconds)


# --- who buys ---


def test_a_customer_buys_for_nobody_else(
    db: Session, make: Make, tenant: UUID, *, kinds: list[UUID], user: UUID, as_user: Acting
) -> None:
    other = make.id("users", tenant)
    with as_user(tenant, user):
        with db.refused("TK401"):
            cart(db, kinds, user_id=other)
        with db.refused("TK001"):
            cart(db, kinds, guest_session="guest")
        cart(db, kinds)
    query = "SELECT DISTINCT user_id FROM ticketing.reservations"
    assert db.value(query) == user


def test_staff_sell_to_guests(
    db: Session, tenant: UUID, *, kinds: list[UUID], user: UUID, as_user: Acting
) -> None:
    with as_user(tenant, user, "staff"):
        made = cart(db, kinds, guest_session="counter 3")
    query = "SELECT DISTINCT user_id, guest_session FROM ticketing.reservations"
    assert db.one(query) == {"user_id": None, "guest_session": "counter 3"}
    assert len(made) == 2


def test_who_may_call(
    db: Session, tenant: UUID, *, kinds: list[UUID], as_readonly: Acting, as_worker: Acting
) -> None:
    with as_readonly(tenant), db.refused("42501"):
        cart(db, kinds)
    with as_worker(), db.refused("TK701"):
        cart(db, kinds)


# --- who waits comes first ---


def test_what_is_free_goes_to_those_who_wait(
    db: Session, make: Make, tenant: UUID, *, kinds: list[UUID], user: UUID, as_tenant: Acting
) -> None:
    waiting = make.id("waitlist", tenant, ticket_type_id=kinds[1], quantity=4)
    with as_tenant(tenant):
        with db.refused("TK111"):
            cart(db, kinds, user_id=user)
        assert cart(db, kinds[:1], quantities=[1], user_id=user)
        # What is too little for the group that waits may be sold.
        db.run("SELECT ticketing.set_ticket_quantity(%s, 3)", kinds[1])
        assert cart(db, kinds[1:], quantities=[3], user_id=user)
        db.run("SELECT ticketing.set_ticket_quantity(%s, 10)", kinds[1])
        with db.refused("TK111"):
            cart(db, kinds[1:], quantities=[1], user_id=user, idempotency_key="more")
        db.run("UPDATE ticketing.waitlist SET status = 'cancelled' WHERE id = %s", waiting)
        assert cart(db, kinds[1:], quantities=[1], user_id=user, idempotency_key="more")


# --- callers that meet ---


def test_copies_of_a_request_make_one_cart(clone: Database) -> None:
    with psycopg.connect(clone.superuser_url) as connection:
        make = Make(Session(connection))
        tenant = make.tenant()
        user = make.id("users", tenant)
        kinds = sorted(make.ticket_type(tenant, 3)["id"] for _ in range(2))

    def act(connection: psycopg.Connection, number: int) -> str:
        turned = kinds[:: 1 if number % 2 else -1]
        quantities = [2, 3] if number % 2 else [3, 2]
        made = cart(Session(connection), turned, quantities=quantities, user_id=user)
        return str(made[0]["outcome"])

    results = race(clone, "ts_test_app", 16, act, tenant=tenant)
    assert Counter(map(str, results)) == Counter({"created": 1, "replayed": 15})
    with psycopg.connect(clone.superuser_url) as connection:
        db = Session(connection)
        assert [counters(db, kind) for kind in kinds] == [(2, 0, 1), (3, 0, 0)]
        assert db.all(DRIFT) == []


def test_a_copy_does_not_look_before_the_other_has_ended(clone: Database) -> None:
    """It would find no cart, and then no room: the places are in its own."""
    with psycopg.connect(clone.superuser_url) as connection:
        make = Make(Session(connection))
        tenant = make.tenant()
        user = make.id("users", tenant)
        kind = make.ticket_type(tenant, 2)["id"]

    def copy(connection: psycopg.Connection) -> object:
        return cart(Session(connection), [kind], quantities=[2], user_id=user)[0]["outcome"]

    with (
        clone.connect("ts_test_app") as one,
        clone.connect("ts_test_app") as other,
        clone.connect() as watcher,
        ThreadPoolExecutor(1) as pool,
    ):
        for caller in (one, other):
            caller.execute("BEGIN")
            caller.execute("SELECT set_config('app.current_tenant_id', %s, TRUE)", [str(tenant)])
        assert copy(one) == "created"
        answer = pool.submit(copy, other)
        until_it_waits(watcher, other, answer)
        waits_for = watcher.execute(
            "SELECT locktype FROM pg_locks WHERE NOT granted AND pid = %s",
            [other.info.backend_pid],
        ).fetchall()
        one.execute("COMMIT")
        assert answer.result(timeout=10) == "replayed"
    assert waits_for == [("advisory",)]


def test_a_larger_cart_under_the_key_of_one_that_is_being_made(clone: Database) -> None:
    with psycopg.connect(clone.superuser_url) as connection:
        make = Make(Session(connection))
        tenant = make.tenant()
        user = make.id("users", tenant)
        kinds = sorted(make.ticket_type(tenant, 10)["id"] for _ in range(2))

    def small(connection: psycopg.Connection) -> int:
        return len(cart(Session(connection), kinds[:1], quantities=[2], user_id=user))

    def large(connection: psycopg.Connection) -> int:
        return len(cart(Session(connection), kinds, user_id=user))

    first, second, waited = in_turn(clone, "ts_test_app", small, large, tenant=tenant)
    assert (first, waited) == (1, True)
    assert isinstance(second, psycopg.Error)
    assert second.sqlstate == "TK122"
    with psycopg.connect(clone.superuser_url) as connection:
        db = Session(connection)
        assert [counters(db, kind) for kind in kinds] == [(2, 0, 8), (0, 0, 10)]


def test_carts_over_the_same_types_do_not_deadlock(clone: Database) -> None:
    with psycopg.connect(clone.superuser_url) as connection:
        make = Make(Session(connection))
        tenant = make.tenant()
        users = [make.id("users", tenant) for _ in range(16)]
        kinds = [make.ticket_type(tenant, 100)["id"] for _ in range(3)]

    def act(connection: psycopg.Connection, number: int) -> int:
        turned = kinds[:: 1 if number % 2 else -1]
        db = Session(connection)
        given: Row = {"user_id": users[number], "idempotency_key": str(number)}
        return len(cart(db, turned, quantities=[1, 1, 1], **given))

    assert race(clone, "ts_test_app", 16, act, tenant=tenant) == [3] * 16
