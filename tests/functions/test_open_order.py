"""open_order: an order that is known before its copy arrives."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID, uuid4

import pytest

from support.factories import Make
from support.sales import call, order_of
from support.session import Session

if TYPE_CHECKING:
    from conftest import Acting


def announce(db: Session, order: UUID, **given: UUID) -> bool:
    made: bool = call(db, "open_order", order_id=order, **given)["open_order"]
    return made


@pytest.mark.parametrize("role", ["ticketing_app", "ticketing_worker"])
def test_an_unknown_order_is_announced_once(
    db: Session, make: Make, tenant: UUID, role: str
) -> None:
    order, user, event = uuid4(), make.id("users", tenant), make.id("events", tenant)
    with db.acting(role, tenant=tenant):
        assert announce(db, order, user_id=user, event_id=event)
        assert not announce(db, order)
    row = db.one("SELECT * FROM ticketing.orders WHERE id = %s", order)
    assert (row["tenant_id"], row["user_id"], row["event_id"]) == (tenant, user, event)
    assert (row["status"], row["version"], row["total_cents"]) == ("confirmed", -1, 0)


def test_a_known_order_stays_as_it_is_and_the_first_message_replaces_one_announced(
    db: Session, make: Make, tenant: UUID, as_tenant: Acting, as_worker: Acting
) -> None:
    known, announced = order_of(make, tenant, 1000), uuid4()
    before = db.one("SELECT * FROM ticketing.orders WHERE id = %s", known)
    with as_tenant(tenant):
        assert not announce(db, known)
        announce(db, announced)
    assert db.one("SELECT * FROM ticketing.orders WHERE id = %s", known) == before
    with as_worker(tenant=tenant):
        arrived = "SELECT ticketing.apply_order(%s, %s, 0, 'O-1', p_status => 'pending')"
        assert db.value(arrived, tenant, announced) == "applied"


def test_no_order_is_no_order(db: Session, tenant: UUID, as_tenant: Acting) -> None:
    with as_tenant(tenant), db.refused("TK001"):
        call(db, "open_order", order_id=None)


def test_the_id_of_another_tenants_order_is_nobodys_here(
    db: Session, make: Make, tenant: UUID, other_tenant: UUID, as_tenant: Acting
) -> None:
    foreign = order_of(make, other_tenant, 1000)
    with as_tenant(tenant):
        assert announce(db, foreign)
        assert db.value("SELECT tenant_id FROM ticketing.orders") == tenant


def test_who_may_call(
    db: Session,
    make: Make,
    tenant: UUID,
    *,
    as_user: Acting,
    as_readonly: Acting,
    as_worker: Acting,
) -> None:
    with as_user(tenant, make.id("users", tenant)), db.refused("TK119"):
        announce(db, uuid4())
    with as_readonly(tenant), db.refused("42501"):
        announce(db, uuid4())
    with as_worker(), db.refused("TK701"):
        announce(db, uuid4())
