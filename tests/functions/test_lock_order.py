"""lock_order: whoever counts the money of an order waits for the others."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID, uuid4

import psycopg
import pytest

from support.databases import Database
from support.factories import Make
from support.races import in_turn
from support.sales import calls, order_of
from support.session import Session

if TYPE_CHECKING:
    from conftest import Acting


@pytest.mark.parametrize("role", ["ticketing_app", "ticketing_worker"])
def test_an_order_is_told_as_it_is(db: Session, make: Make, tenant: UUID, role: str) -> None:
    order = order_of(make, tenant, 1000, user_id=make.id("users", tenant))
    row = db.one("SELECT * FROM ticketing.orders WHERE id = %s", order)
    with db.acting(role, tenant=tenant):
        (told,) = calls(db, "lock_order", order_id=order)
    assert told.pop("order_id") == order
    assert told == {name: row[name] for name in told}


def test_what_the_tenant_has_not_is_no_row(
    db: Session, make: Make, tenant: UUID, other_tenant: UUID, as_tenant: Acting
) -> None:
    with as_tenant(tenant):
        for absent in (None, uuid4(), make_foreign(db, make, other_tenant)):
            assert calls(db, "lock_order", order_id=absent) == []


def make_foreign(db: Session, make: Make, tenant: UUID) -> UUID:
    db.run("SET LOCAL ROLE NONE")
    made = order_of(make, tenant, 1000)
    db.run("SET LOCAL ROLE ticketing_app")
    return made


def test_a_customer_finds_orders_of_their_own(
    db: Session, make: Make, tenant: UUID, as_user: Acting
) -> None:
    user, stranger = make.id("users", tenant), make.id("users", tenant)
    order = order_of(make, tenant, 1000, user_id=user)
    guests = order_of(make, tenant, 1000)
    with as_user(tenant, user):
        assert len(calls(db, "lock_order", order_id=order)) == 1
        assert calls(db, "lock_order", order_id=guests) == []
    with as_user(tenant, stranger):
        assert calls(db, "lock_order", order_id=order) == []
    with as_user(tenant, stranger, "staff"):
        assert len(calls(db, "lock_order", order_id=order)) == 1


def test_who_may_call(db: Session, tenant: UUID, as_readonly: Acting, as_worker: Acting) -> None:
    with as_readonly(tenant), db.refused("42501"):
        calls(db, "lock_order", order_id=uuid4())
    with as_worker(), db.refused("TK701"):
        calls(db, "lock_order", order_id=uuid4())


def test_the_second_waits_for_the_first(clone: Database) -> None:
    with psycopg.connect(clone.superuser_url) as connection:
        make = Make(Session(connection))
        tenant = make.tenant()
        order = order_of(make, tenant, 1000)

    def lock(connection: psycopg.Connection) -> int:
        return len(calls(Session(connection), "lock_order", order_id=order))

    assert in_turn(clone, "ts_test_app", lock, lock, tenant=tenant) == (1, 1, True)
