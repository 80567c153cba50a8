"""redeem_discount: a code lowers an order once, and no more often than it may."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

import psycopg
import pytest

from support.databases import Database
from support.factories import Make, Row
from support.names import shown
from support.races import in_turn, race
from support.sales import call, calls, open_order, order_of, redeem, reserve
from support.session import Session

if TYPE_CHECKING:
    from conftest import Acting

NOW = datetime.now(UTC)
USED = "SELECT times_used FROM ticketing.discounts WHERE code = 'CODE'"


def discount(make: Make, tenant: UUID, **given: Any) -> UUID:
    return make.id("discounts", tenant, **({"code": "CODE"} | given))


@pytest.fixture
def user(make: Make, tenant: UUID) -> UUID:
    return make.id("users", tenant)


@pytest.fixture
def order(make: Make, tenant: UUID, user: UUID) -> UUID:
    """An unpaid order of 1000."""
    return open_order(make, tenant, user_id=user)


@pytest.mark.parametrize("role", ["ticketing_app", "ticketing_worker"])
def test_a_code_is_used_once_on_an_order(
    db: Session, make: Make, tenant: UUID, *, order: UUID, user: UUID, role: str
) -> None:
    code = discount(make, tenant)
    with db.acting(role, tenant=tenant):
        used = redeem(db, order, " code ")
        db.run("UPDATE ticketing.discounts SET discount_value = 50, max_uses = 1")
        assert redeem(db, order, "CODE") == {**used, "outcome": "replayed"}
    row = db.one("SELECT * FROM ticketing.order_discounts")
    assert used == {
        "redemption_id": row["id"],
        "discount_id": code,
        "amount_cents": 100,
        "currency": "USD",
        "outcome": "redeemed",
    }
    assert (row["order_id"], row["user_id"], row["status"]) == (order, user, "applied")
    assert (row["discount_code"], row["discount_type"]) == ("CODE", "percentage")
    assert db.value(USED) == 1


@pytest.mark.parametrize(
    ("given", "subtotal", "expected"),
    [
        ({"discount_value": 10}, 1000, 100),
        ({"discount_value": 12.5}, 100, 13),
        ({"discount_value": 12.4}, 100, 12),
        ({"discount_value": 33.33}, 1000, 333),
        ({"discount_value": 100}, 1000, 1000),
        ({"discount_value": 100, "discount_type": "early_bird"}, 999, 999),
        ({"discount_value": 0.05}, 1000, 1),
        ({"discount_value": 10, "max_discount_cents": 50}, 1000, 50),
        ({"discount_value": 10, "max_discount_cents": 100}, 1000, 100),
        ({"discount_value": 300, "discount_type": "fixed", "currency": "USD"}, 1000, 300),
        ({"discount_value": 3000, "discount_type": "fixed", "currency": "USD"}, 1000, 1000),
        ({"discount_value": 10, "min_purchase_cents": 1000}, 1000, 100),
        ({"discount_value": 10, "currency": "USD"}, 1000, 100),
        ({"discount_value": 10}, 10**15, 10**14),
    ],
    ids=shown,
)
def test_the_amount_in_minor_units(
    db: Session, make: Make, tenant: UUID, *, given: Row, subtotal: int, expected: int
) -> None:
    discount(make, tenant, **given)
    order = open_order(make, tenant, subtotal)
    with db.acting("ticketing_app", tenant=tenant):
        assert redeem(db, order, "CODE")["amount_cents"] == expected


@pytest.mark.parametrize(
    ("code", "given"),
    [
        ("TK612", {"is_active": False}),
        ("TK612", {"valid_from": NOW + timedelta(hours=1)}),
        ("TK612", {"valid_until": NOW - timedelta(seconds=1)}),
        ("TK613", {"max_uses": 2, "times_used": 2}),
        ("TK614", {"min_purchase_cents": 1001}),
        ("TK614", {"currency": "EUR"}),
        ("TK614", {"discount_type": "fixed", "currency": "EUR"}),
        ("TK614", {"discount_value": 0.04}),
        ("TK614", {"max_discount_cents": 0}),
        ("TK614", {"discount_type": "bogo"}),
        (None, {"valid_from": NOW - timedelta(1), "valid_until": NOW + timedelta(1)}),
        (None, {"max_uses": 2, "times_used": 1}),
    ],
    ids=shown,
)
def test_when_a_code_is_good(
    db: Session, make: Make, tenant: UUID, *, order: UUID, code: str | None, given: Row
) -> None:
    discount(make, tenant, **given)
    with db.acting("ticketing_app", tenant=tenant):
        if code is None:
            assert redeem(db, order, "CODE")["outcome"] == "redeemed"
        else:
            with db.refused(code):
                redeem(db, order, "CODE")
            assert db.value(USED) == given.get("times_used", 0)


def test_the_window_is_that_of_the_moment_not_of_the_transaction(
    db: Session, make: Make, tenant: UUID, order: UUID
) -> None:
    discount(make, tenant, valid_until=NOW + timedelta(hours=1))
    db.run("UPDATE ticketing.discounts SET valid_until = clock_timestamp()")
    assert db.value("SELECT now() < valid_until FROM ticketing.discounts")
    with db.acting("ticketing_app", tenant=tenant), db.refused("TK612"):
        redeem(db, order, "CODE")


# --- what it is for ---


def test_a_code_for_an_event(
    db: Session, make: Make, tenant: UUID, user: UUID, as_tenant: Acting
) -> None:
    event, other = make.id("events", tenant), make.id("events", tenant)
    discount(make, tenant, event_id=event)
    fits = open_order(make, tenant, event_id=event)
    misses = open_order(make, tenant, event_id=other)
    mixed = open_order(make, tenant, user_id=user)
    kind = make.ticket_type(tenant, 10, event_id=event, price_cents=400)["id"]
    with as_tenant(tenant):
        assert redeem(db, fits, "CODE")["amount_cents"] == 100
        with db.refused("TK614"):
            redeem(db, misses, "CODE")
        claim = reserve(db, kind, user_id=user)["reservation_id"]
        with db.refused("TK614"):
            redeem(db, mixed, "CODE")
        assert redeem(db, mixed, "CODE", reservation_id=claim)["amount_cents"] == 40


def test_a_code_for_a_type_counts_what_the_cart_holds_of_it(
    db: Session, make: Make, tenant: UUID, *, order: UUID, user: UUID, as_tenant: Acting
) -> None:
    kinds = [make.ticket_type(tenant, 10, price_cents=price)["id"] for price in (300, 100)]
    discount(make, tenant, ticket_type_id=kinds[0], discount_value=50)
    with as_tenant(tenant):
        made = calls(
            db,
            "reserve_cart",
            ticket_type_ids=kinds,
            quantities=[2, 4],
            idempotency_key="key",
            user_id=user,
        )
        by_type = {r["ticket_type_id"]: r["reservation_id"] for r in made}
        used = redeem(db, order, "CODE", reservation_id=by_type[kinds[1]])
        assert used["amount_cents"] == 300
        # Without the cart, what the order has bought.
        calls(db, "reverse_discount", order_id=order, code="CODE")
        db.run("UPDATE ticketing.reservations SET order_id = %s", order)
        assert redeem(db, order, "CODE")["amount_cents"] == 300
        calls(db, "reverse_discount", order_id=order, code="CODE")
        calls(db, "cancel_reservation", reservation_id=by_type[kinds[0]])
        with db.refused("TK614"):
            redeem(db, order, "CODE")


def test_what_another_order_bought_does_not_count(
    db: Session, make: Make, tenant: UUID, *, order: UUID, user: UUID, as_tenant: Acting
) -> None:
    kind = make.ticket_type(tenant, 10)["id"]
    other = open_order(make, tenant, user_id=user)
    discount(make, tenant, ticket_type_id=kind)
    with as_tenant(tenant):
        claim = reserve(db, kind, user_id=user)["reservation_id"]
        db.run("UPDATE ticketing.reservations SET order_id = %s", other)
        with db.refused("TK614"):
            redeem(db, order, "CODE", reservation_id=claim)


@pytest.mark.parametrize(
    ("quantity", "value", "expected"),
    [(2, 100, 300), (3, 100, 300), (4, 100, 600), (5, 50, 300), (2, 999, 300), (1, 100, None)],
)
def test_the_second_of_two_is_free(
    db: Session,
    make: Make,
    tenant: UUID,
    *,
    order: UUID,
    user: UUID,
    quantity: int,
    value: int,
    expected: int | None,
) -> None:
    kind = make.ticket_type(tenant, 10, price_cents=300)["id"]
    discount(make, tenant, discount_type="bogo", discount_value=value)
    with db.acting("ticketing_app", tenant=tenant):
        claim = reserve(db, kind, quantity, user_id=user)["reservation_id"]
        if expected is None:
            with db.refused("TK614"):
                redeem(db, order, "CODE", reservation_id=claim)
        else:
            assert redeem(db, order, "CODE", reservation_id=claim)["amount_cents"] == expected


# --- several codes ---


@pytest.mark.parametrize(("first", "second"), [(True, True), (True, False), (False, True)])
def test_codes_join_only_when_both_may(
    db: Session, make: Make, tenant: UUID, *, order: UUID, first: bool, second: bool
) -> None:
    discount(make, tenant, code="ONE", stackable=first)
    discount(make, tenant, code="TWO", stackable=second)
    with db.acting("ticketing_app", tenant=tenant):
        redeem(db, order, "ONE")
        if first and second:
            assert redeem(db, order, "TWO")["amount_cents"] == 100
        else:
            with db.refused("TK617"):
                redeem(db, order, "TWO")
            calls(db, "reverse_discount", order_id=order, code="ONE")
            assert redeem(db, order, "TWO")["amount_cents"] == 100


def test_codes_together_lower_an_order_to_nothing_and_no_further(
    db: Session, make: Make, tenant: UUID, *, order: UUID, as_tenant: Acting
) -> None:
    for code in ("ONE", "TWO", "THREE"):
        discount(make, tenant, code=code, stackable=True, discount_value=60)
    with as_tenant(tenant):
        assert [redeem(db, order, c)["amount_cents"] for c in ("ONE", "TWO")] == [600, 400]
        with db.refused("TK614"):
            redeem(db, order, "THREE")


# --- who and how often ---


def test_a_person_has_so_many_uses(
    db: Session, make: Make, tenant: UUID, *, user: UUID, order: UUID, as_tenant: Acting
) -> None:
    discount(make, tenant, max_uses_per_user=1)
    second, others = open_order(make, tenant, user_id=user), open_order(make, tenant)
    with as_tenant(tenant):
        redeem(db, order, "CODE")
        with db.refused("TK615"):
            redeem(db, second, "CODE")
        with db.refused("TK616"):
            redeem(db, others, "CODE")
        with db.refused("TK615"):
            redeem(db, others, "CODE", user_id=user)
        calls(db, "reverse_discount", order_id=order, code="CODE")
        assert redeem(db, second, "CODE")["outcome"] == "redeemed"


def test_the_order_says_whose_use_it_is(
    db: Session, make: Make, tenant: UUID, *, user: UUID, order: UUID, as_tenant: Acting
) -> None:
    discount(make, tenant)
    with as_tenant(tenant):
        redeem(db, order, "CODE", user_id=make_other(db, make, tenant))
    assert db.value("SELECT user_id FROM ticketing.order_discounts") == user


def make_other(db: Session, make: Make, tenant: UUID) -> UUID:
    db.run("SET LOCAL ROLE NONE")
    made = make.id("users", tenant)
    db.run("SET LOCAL ROLE ticketing_app")
    return made


@pytest.mark.parametrize(
    ("status", "good"),
    [
        ("pending", True),
        ("awaiting_payment", True),
        ("confirmed", False),
        ("completed", False),
        ("cancelled", False),
        ("expired", False),
    ],
)
def test_only_an_unpaid_order_is_lowered(
    db: Session, make: Make, tenant: UUID, *, status: str, good: bool
) -> None:
    discount(make, tenant)
    order = open_order(make, tenant, status=status)
    with db.acting("ticketing_app", tenant=tenant):
        if good:
            assert redeem(db, order, "CODE")["outcome"] == "redeemed"
        else:
            with db.refused("TK618"):
                redeem(db, order, "CODE")


def test_an_unknown_or_foreign_code_or_order(
    db: Session, make: Make, tenant: UUID, other_tenant: UUID, order: UUID
) -> None:
    discount(make, other_tenant, code="THEIRS")
    discount(make, tenant)
    foreign = order_of(make, other_tenant, 1000)
    with db.acting("ticketing_app", tenant=tenant):
        for absent in (None, "", "NONE", "THEIRS"):
            with db.refused("TK611"):
                redeem(db, order, absent)
        for missing in (None, uuid4(), foreign):
            with db.refused("TK619"):
                redeem(db, missing, "CODE")


def test_who_may_call(
    db: Session,
    make: Make,
    tenant: UUID,
    *,
    order: UUID,
    user: UUID,
    as_user: Acting,
    as_readonly: Acting,
    as_worker: Acting,
) -> None:
    discount(make, tenant)
    stranger = make.id("users", tenant)
    with as_user(tenant, stranger):
        with db.refused("TK619"):
            redeem(db, order, "CODE")
        with db.refused("TK401"):
            redeem(db, order, "CODE", user_id=user)
    with as_readonly(tenant), db.refused("42501"):
        redeem(db, order, "CODE")
    with as_worker(), db.refused("TK701"):
        redeem(db, order, "CODE")
    with as_user(tenant, user):
        assert redeem(db, order, "CODE")["outcome"] == "redeemed"


# --- callers that meet ---


def offers(clone: Database, orders: int, **given: Any) -> tuple[UUID, list[UUID]]:
    """Returns a tenant with a code, and unpaid orders of one person."""
    with psycopg.connect(clone.superuser_url) as connection:
        make = Make(Session(connection))
        tenant = make.tenant()
        discount(make, tenant, **given)
        user = make.id("users", tenant)
        return tenant, [open_order(make, tenant, user_id=user) for _ in range(orders)]


@pytest.mark.parametrize(("limit", "code"), [("max_uses", "TK613"), ("max_uses_per_user", "TK615")])
def test_callers_that_meet_use_no_more_than_there_is(
    clone: Database, limit: str, code: str
) -> None:
    tenant, orders = offers(clone, 10, **{limit: 3})

    def act(connection: psycopg.Connection, number: int) -> str:
        return str(redeem(Session(connection), orders[number], "CODE")["outcome"])

    results = race(clone, "ts_test_app", 10, act, tenant=tenant)
    assert results.count("redeemed") == 3
    assert {r.sqlstate for r in results if isinstance(r, psycopg.Error)} == {code}
    with psycopg.connect(clone.superuser_url) as connection:
        db = Session(connection)
        applied = "SELECT count(*) FROM ticketing.order_discounts WHERE status = 'applied'"
        assert (db.value(USED), db.value(applied)) == (3, 3)


def test_copies_of_a_request_are_one_use(clone: Database) -> None:
    tenant, (order,) = offers(clone, 1)

    def act(connection: psycopg.Connection, _: int) -> str:
        return str(redeem(Session(connection), order, "CODE")["outcome"])

    results = race(clone, "ts_test_app", 8, act, tenant=tenant)
    assert sorted(map(str, results)) == ["redeemed"] + ["replayed"] * 7
    with psycopg.connect(clone.superuser_url) as connection:
        assert Session(connection).value(USED) == 1


def test_a_use_and_its_reversal_that_meet_leave_the_count_right(clone: Database) -> None:
    tenant, (order,) = offers(clone, 1)

    def use(connection: psycopg.Connection) -> str:
        return str(redeem(Session(connection), order, "CODE")["outcome"])

    def back(connection: psycopg.Connection) -> str:
        made = call(Session(connection), "reverse_discount", order_id=order, code="CODE")
        return str(made["outcome"])

    first, second, waited = in_turn(clone, "ts_test_app", use, back, tenant=tenant)
    assert (first, second, waited) == ("redeemed", "reversed", True)
    with psycopg.connect(clone.superuser_url) as connection:
        assert Session(connection).value(USED) == 0
