"""reverse_discount: a use that is taken back counts no more, once."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID, uuid4

import psycopg
import pytest

from support.databases import Database
from support.factories import Make, Row
from support.races import race
from support.sales import call, open_order, redeem
from support.session import Session

if TYPE_CHECKING:
    from conftest import Acting

USED = "SELECT times_used FROM ticketing.discounts WHERE code = 'CODE'"


def reverse(db: Session, order: UUID | None, code: str | None = "CODE") -> Row:
    return call(db, "reverse_discount", order_id=order, code=code)


@pytest.fixture
def user(make: Make, tenant: UUID) -> UUID:
    return make.id("users", tenant)


@pytest.fixture
def order(db: Session, make: Make, tenant: UUID, user: UUID) -> UUID:
    """An unpaid order on which the code is used, as on another one."""
    make.id("discounts", tenant, code="CODE", max_uses=2)
    orders = [open_order(make, tenant, user_id=user) for _ in range(2)]
    with db.acting("ticketing_app", tenant=tenant):
        for made in orders:
            redeem(db, made, "CODE")
    return orders[0]


@pytest.mark.parametrize("role", ["ticketing_app", "ticketing_worker"])
def test_a_use_is_taken_back_once(db: Session, tenant: UUID, order: UUID, role: str) -> None:
    with db.acting(role, tenant=tenant):
        gone = reverse(db, order, " code ")
        assert reverse(db, order) == {**gone, "outcome": "replayed"}
    row = db.one("SELECT * FROM ticketing.order_discounts WHERE order_id = %s", order)
    assert gone == {
        "redemption_id": row["id"],
        "discount_id": row["discount_id"],
        "amount_cents": 100,
        "outcome": "reversed",
    }
    assert row["status"] == "reversed"
    assert db.value(USED) == 1


def test_it_may_be_used_again_for_what_the_order_is_then(
    db: Session, make: Make, tenant: UUID, order: UUID, as_tenant: Acting
) -> None:
    with as_tenant(tenant):
        gone = reverse(db, order)
    db.run("UPDATE ticketing.orders SET subtotal_cents = 500, total_cents = 500")
    with as_tenant(tenant):
        again = redeem(db, order, "CODE")
    assert (again["redemption_id"], again["amount_cents"]) == (gone["redemption_id"], 50)
    row = db.one("SELECT * FROM ticketing.order_discounts WHERE order_id = %s", order)
    assert (row["status"], row["reversed_at"], row["amount_cents"]) == ("applied", None, 50)
    assert db.value(USED) == 2


def test_also_when_the_code_is_over(db: Session, tenant: UUID, order: UUID) -> None:
    db.run("UPDATE ticketing.discounts SET is_active = FALSE, valid_until = now()")
    with db.acting("ticketing_app", tenant=tenant):
        assert reverse(db, order)["outcome"] == "reversed"


def test_a_buyer_does_not_pay_the_lower_price_and_take_the_code_back(
    db: Session, tenant: UUID, *, order: UUID, user: UUID, as_user: Acting
) -> None:
    db.run("UPDATE ticketing.orders SET status = 'confirmed' WHERE id = %s", order)
    with as_user(tenant, user), db.refused("TK618"):
        reverse(db, order)
    with db.acting("ticketing_app", tenant=tenant):
        assert reverse(db, order)["outcome"] == "reversed"


def test_what_the_order_does_not_use(
    db: Session, make: Make, tenant: UUID, other_tenant: UUID, order: UUID
) -> None:
    make.id("discounts", tenant, code="OTHER")
    foreign = open_order(make, other_tenant)
    with db.acting("ticketing_app", tenant=tenant):
        for absent in (None, "NONE", "OTHER"):
            with db.refused("TK611"):
                reverse(db, order, absent)
        for missing in (None, uuid4(), foreign):
            with db.refused("TK619"):
                reverse(db, missing)


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
    with as_user(tenant, make.id("users", tenant)), db.refused("TK619"):
        reverse(db, order)
    with as_readonly(tenant), db.refused("42501"):
        reverse(db, order)
    with as_worker(), db.refused("TK701"):
        reverse(db, order)
    with as_user(tenant, user):
        assert reverse(db, order)["outcome"] == "reversed"


def test_callers_that_meet_take_it_back_once(clone: Database) -> None:
    with psycopg.connect(clone.superuser_url) as connection:
        db = Session(connection)
        make = Make(db)
        tenant = make.tenant()
        make.id("discounts", tenant, code="CODE", times_used=3)
        order = open_order(make, tenant)
        with db.acting("ticketing_app", tenant=tenant):
            redeem(db, order, "CODE")

    def act(connection: psycopg.Connection, _: int) -> str:
        return str(reverse(Session(connection), order)["outcome"])

    results = race(clone, "ts_test_app", 8, act, tenant=tenant)
    assert sorted(map(str, results)) == ["replayed"] * 7 + ["reversed"]
    with psycopg.connect(clone.superuser_url) as connection:
        assert Session(connection).value(USED) == 3
