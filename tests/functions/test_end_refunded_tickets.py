"""end_refunded_tickets: who has the money back has no ticket, and the place is free once."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

import pytest

from support.factories import Make
from support.sales import (
    DRIFT,
    Sold,
    calls,
    cancel,
    complete,
    confirm,
    counters,
    order_of,
    reserve,
    sell,
    statuses,
    under_way,
)
from support.session import Session

if TYPE_CHECKING:
    from conftest import Acting


@pytest.fixture
def sold(make: Make, tenant: UUID) -> Sold:
    """Three tickets at 1000 each, of ten."""
    return sell(make, tenant, 3)


def refund(make: Make, tenant: UUID, sold: Sold, number: int, amount: int = 1000) -> None:
    """Refunds a ticket of a sale, or a part of its price."""
    asked = under_way(make, tenant, sold, ticket_id=sold.tickets[number], amount_cents=amount)
    with make.session.acting("ticketing_app", tenant=tenant):
        complete(make.session, sold.order, amount, refund_id=asked)


def returned(db: Session) -> tuple[str, int, str | None]:
    row = db.one("SELECT status, returned_quantity, release_reason FROM ticketing.reservations")
    return row["status"], row["returned_quantity"], row["release_reason"]


def test_ticket_by_ticket_until_the_reservation_is_empty(
    db: Session, make: Make, tenant: UUID, sold: Sold
) -> None:
    for number, expected in enumerate([("confirmed", 1, None), ("confirmed", 2, None)]):
        refund(make, tenant, sold, number)
        assert returned(db) == expected
        assert counters(db, sold.kind) == (0, 2 - number, 8 + number)
    refund(make, tenant, sold, 2)
    assert returned(db) == ("cancelled", 3, "refunded")
    assert counters(db, sold.kind) == (0, 0, 10)
    assert statuses(db, "tickets", *sold.tickets) == ["refunded"] * 3
    assert db.value("SELECT DISTINCT status_reason FROM ticketing.tickets") == "rain"
    assert db.all(DRIFT) == []


def test_a_part_of_the_price_leaves_the_ticket_and_the_rest_ends_it(
    db: Session, make: Make, tenant: UUID, sold: Sold
) -> None:
    refund(make, tenant, sold, 0, 999)
    assert statuses(db, "tickets", sold.tickets[0]) == ["active"]
    assert counters(db, sold.kind) == (0, 3, 7)
    refund(make, tenant, sold, 0, 1)
    assert statuses(db, "tickets", sold.tickets[0]) == ["refunded"]
    assert counters(db, sold.kind) == (0, 2, 8)


def test_an_amount_that_names_no_ticket_ends_none(
    db: Session, tenant: UUID, sold: Sold, as_tenant: Acting
) -> None:
    with as_tenant(tenant):
        complete(db, sold.order, 2999)
    assert statuses(db, "tickets", *sold.tickets) == ["active"] * 3


def test_all_the_money_of_an_order_ends_all_that_lives(
    db: Session, make: Make, tenant: UUID, *, sold: Sold, as_tenant: Acting
) -> None:
    make.advance("tickets", sold.tickets[0], "revoked")
    refund(make, tenant, sold, 1)
    with as_tenant(tenant):
        complete(db, sold.order, 2000)
    found = dict(zip(sorted(sold.tickets), statuses(db, "tickets", *sold.tickets), strict=True))
    assert [found[t] for t in sold.tickets] == ["revoked", "refunded", "refunded"]
    # The place of the ticket that was revoked is the organiser's to release.
    assert returned(db) == ("confirmed", 2, None)
    assert counters(db, sold.kind) == (0, 1, 9)
    with as_tenant(tenant):
        cancel(db, sold.claim)
    assert counters(db, sold.kind) == (0, 0, 10)
    assert db.all(DRIFT) == []


@pytest.mark.parametrize("status", ["checked_in", "used"])
def test_a_ticket_that_was_used(
    db: Session, make: Make, tenant: UUID, *, sold: Sold, status: str
) -> None:
    way = ("checked_in", "used")[: 1 + (status == "used")]
    make.advance("tickets", sold.tickets[0], *way)
    with db.acting("ticketing_app", tenant=tenant):
        complete(db, sold.order, 3000)
    expected = "refunded" if status == "checked_in" else "used"
    assert statuses(db, "tickets", sold.tickets[0]) == [expected]


def test_an_order_of_several_carts(
    db: Session, make: Make, tenant: UUID, as_tenant: Acting
) -> None:
    kinds = [make.ticket_type(tenant, 10, price_cents=100)["id"] for _ in range(2)]
    user = make.id("users", tenant)
    order = order_of(make, tenant, 300, user_id=user)
    with as_tenant(tenant):
        for quantity, kind in enumerate(kinds, 1):
            confirm(db, reserve(db, kind, quantity, user_id=user)["reservation_id"], order)
        complete(db, order, 300)
    assert [counters(db, kind) for kind in kinds] == [(0, 0, 10), (0, 0, 10)]
    rows = db.all("SELECT DISTINCT status FROM ticketing.reservations")
    assert rows == [{"status": "cancelled"}]


def test_the_place_can_be_sold_again_and_the_limit_of_the_person_follows(
    db: Session, make: Make, tenant: UUID, as_tenant: Acting
) -> None:
    sold = sell(make, tenant, 2)
    db.run("UPDATE ticketing.ticket_types SET max_per_user = 2")
    with as_tenant(tenant), db.refused("TK104"):
        reserve(db, sold.kind, user_id=sold.user)
    refund(make, tenant, sold, 0)
    with as_tenant(tenant):
        assert reserve(db, sold.kind, user_id=sold.user)["outcome"] == "created"
        with db.refused("TK104"):
            reserve(db, sold.kind, user_id=sold.user)


def test_a_transaction_in_flight_holds_the_completion_up(
    db: Session, make: Make, tenant: UUID, *, sold: Sold, as_tenant: Acting
) -> None:
    make.id("pending_transactions", tenant, ticket_id=sold.tickets[0])
    with as_tenant(tenant), db.refused("TK209"):
        complete(db, sold.order, 3000)


def test_tickets_that_no_reservation_counts_end_as_well(
    db: Session, make: Make, tenant: UUID, as_tenant: Acting
) -> None:
    order = order_of(make, tenant, 100)
    ticket = make.id(
        "tickets",
        tenant,
        order_id=order,
        price_cents=100,
        status="active",
        user_id=make.id("users", tenant),
    )
    with as_tenant(tenant, actor="service"):
        complete(db, order, 100)
        assert db.value("SELECT current_setting('app.actor_type')") == "service"
    assert statuses(db, "tickets", ticket) == ["refunded"]
    assert calls(db, "refundable_of_ticket", ticket_id=ticket)
