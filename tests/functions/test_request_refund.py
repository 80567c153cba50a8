"""request_refund: what is asked for never adds up to more than was paid."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID, uuid4

import psycopg
import pytest

from support.databases import Database
from support.factories import Make, Row
from support.names import shown
from support.races import race
from support.sales import Sold, call, complete, order_of, request, sell, under_way
from support.session import Session

if TYPE_CHECKING:
    from conftest import Acting


@pytest.fixture
def sold(make: Make, tenant: UUID) -> Sold:
    """Two tickets at 1000 each."""
    return sell(make, tenant)


@pytest.mark.parametrize("role", ["ticketing_app", "ticketing_worker"])
def test_a_refund_is_asked_for_once(db: Session, tenant: UUID, sold: Sold, role: str) -> None:
    with db.acting(role, tenant=tenant):
        asked = request(db, sold.order, amount_cents=300, idempotency_key="key")
        again = request(db, sold.order, amount_cents=300, idempotency_key="key")
        assert request(db, sold.order, idempotency_key="key") == again
        for other in ({"amount_cents": 301}, {"ticket_id": sold.tickets[0]}):
            with db.refused("TK122"):
                request(db, sold.order, **({"idempotency_key": "key"} | other))
    row = db.one("SELECT * FROM ticketing.refunds")
    assert asked == {
        "refund_id": row["id"],
        "status": "pending",
        "amount_cents": 300,
        "currency": "USD",
        "outcome": "requested",
    }
    assert again == {**asked, "outcome": "replayed"}
    assert (row["reason"], row["source"], row["requested_by"]) == ("rain", "admin", None)
    assert db.value("SELECT refunded_cents FROM ticketing.orders") == 0


def test_without_an_amount_it_is_what_is_left(
    db: Session, make: Make, tenant: UUID, sold: Sold, as_tenant: Acting
) -> None:
    with as_tenant(tenant):
        complete(db, sold.order, 100)
        assert request(db, sold.order, ticket_id=sold.tickets[0])["amount_cents"] == 1000
        assert request(db, sold.order)["amount_cents"] == 900
        with db.refused("TK601"):
            request(db, sold.order)


def test_a_ticket_is_worth_its_part_of_the_discount_less(
    db: Session, make: Make, tenant: UUID, as_tenant: Acting
) -> None:
    sold = sell(make, tenant, 3, discount_cents=100, total_cents=2900, paid_cents=2900)
    with as_tenant(tenant):
        assert request(db, sold.order, ticket_id=sold.tickets[0])["amount_cents"] == 966


@pytest.mark.parametrize(
    ("asked", "more", "code"), [(2000, 1, "TK601"), (1999, 1, None), (1999, 2, "TK601")]
)
def test_what_is_open_counts_as_gone(
    db: Session, tenant: UUID, *, sold: Sold, asked: int, more: int, code: str | None
) -> None:
    with db.acting("ticketing_app", tenant=tenant):
        request(db, sold.order, amount_cents=asked)
        if code is None:
            assert request(db, sold.order, amount_cents=more)["outcome"] == "requested"
        else:
            with db.refused(code):
                request(db, sold.order, amount_cents=more)


@pytest.mark.parametrize("end", ["rejected", "cancelled"])
def test_what_was_declined_or_withdrawn_is_free_again(
    db: Session, make: Make, tenant: UUID, *, sold: Sold, end: str
) -> None:
    with db.acting("ticketing_app", tenant=tenant):
        asked = request(db, sold.order)["refund_id"]
    make.advance("refunds", asked, end)
    with db.acting("ticketing_app", tenant=tenant):
        assert request(db, sold.order)["amount_cents"] == 2000


def test_a_ticket_has_one_open_refund(
    db: Session, make: Make, tenant: UUID, sold: Sold, as_tenant: Acting
) -> None:
    with as_tenant(tenant):
        request(db, sold.order, ticket_id=sold.tickets[0], amount_cents=1)
        with db.refused("TK606"):
            request(db, sold.order, ticket_id=sold.tickets[0], amount_cents=1)
        assert request(db, sold.order, ticket_id=sold.tickets[1])["outcome"] == "requested"


def test_the_ticket_is_a_live_one_of_the_order(
    db: Session, make: Make, tenant: UUID, other_tenant: UUID, sold: Sold
) -> None:
    others = sell(make, tenant)
    foreign = sell(make, other_tenant)
    make.advance("tickets", sold.tickets[0], "revoked")
    with db.acting("ticketing_app", tenant=tenant):
        for unfit in (uuid4(), others.tickets[0], foreign.tickets[0], sold.tickets[0]):
            with db.refused("TK605"):
                request(db, sold.order, ticket_id=unfit)


def test_the_payment_took_the_money_of_the_order(
    db: Session, make: Make, tenant: UUID, sold: Sold, as_tenant: Acting
) -> None:
    took = make.id("payments", tenant, order_id=sold.order, status="succeeded")
    failed = make.id("payments", tenant, order_id=sold.order, status="failed")
    others = make.id("payments", tenant, status="succeeded")
    with as_tenant(tenant):
        for unfit in (uuid4(), failed, others):
            with db.refused("TK167"):
                request(db, sold.order, payment_id=unfit)
        assert request(db, sold.order, payment_id=took)["outcome"] == "requested"


@pytest.mark.parametrize(
    ("code", "given"),
    [
        ("TK123", {"idempotency_key": None}),
        ("TK123", {"idempotency_key": " "}),
        ("TK001", {"idempotency_key": "k" * 256}),
        ("TK001", {"reason": None}),
        ("TK001", {"reason": " "}),
        ("TK001", {"amount_cents": 0}),
        ("TK001", {"amount_cents": -1}),
        ("TK001", {"source": "external"}),
        (None, {"source": "chargeback"}),
        (None, {"idempotency_key": "k" * 255}),
    ],
    ids=shown,
)
def test_arguments(db: Session, tenant: UUID, *, sold: Sold, code: str | None, given: Row) -> None:
    with db.acting("ticketing_app", tenant=tenant):
        if code is None:
            assert request(db, sold.order, **given)["outcome"] == "requested"
        else:
            with db.refused(code):
                request(db, sold.order, **given)


def test_a_customer_asks_for_orders_of_their_own(
    db: Session, make: Make, tenant: UUID, *, sold: Sold, as_user: Acting
) -> None:
    stranger = make.id("users", tenant)
    with as_user(tenant, stranger), db.refused("TK603"):
        request(db, sold.order)
    with as_user(tenant, sold.user):
        with db.refused("TK401"):
            request(db, sold.order, requested_by=stranger)
        with db.refused("TK001"):
            request(db, sold.order, source="admin")
        request(db, sold.order, ticket_id=sold.tickets[0])
    row = db.one("SELECT source, requested_by FROM ticketing.refunds")
    assert row == {"source": "buyer", "requested_by": sold.user}


def test_who_may_call_for_which_order(
    db: Session,
    make: Make,
    tenant: UUID,
    *,
    other_tenant: UUID,
    as_readonly: Acting,
    as_worker: Acting,
) -> None:
    foreign = order_of(make, other_tenant, 1000)
    with db.acting("ticketing_app", tenant=tenant):
        for absent in (None, uuid4(), foreign):
            with db.refused("TK603"):
                request(db, absent)
    with as_readonly(tenant), db.refused("42501"):
        request(db, uuid4())
    with as_worker(), db.refused("TK701"):
        request(db, uuid4())


def test_requests_that_meet_never_exceed_what_was_paid(clone: Database) -> None:
    with psycopg.connect(clone.superuser_url) as connection:
        make = Make(Session(connection))
        tenant = make.tenant()
        order = order_of(make, tenant, 1000)

    def act(connection: psycopg.Connection, number: int) -> str:
        db = Session(connection)
        return str(request(db, order, amount_cents=300, idempotency_key=str(number))["outcome"])

    results = race(clone, "ts_test_app", 10, act, tenant=tenant)
    assert results.count("requested") == 3
    assert {r.sqlstate for r in results if isinstance(r, psycopg.Error)} == {"TK601"}


def test_copies_of_a_request_make_one_refund(clone: Database) -> None:
    with psycopg.connect(clone.superuser_url) as connection:
        make = Make(Session(connection))
        tenant = make.tenant()
        order = order_of(make, tenant, 1000)

    def act(connection: psycopg.Connection, _: int) -> str:
        return str(request(Session(connection), order, idempotency_key="key")["outcome"])

    results = race(clone, "ts_test_app", 10, act, tenant=tenant)
    assert sorted(map(str, results)) == ["replayed"] * 9 + ["requested"]


def test_a_failed_refund_leaves_room_and_is_tested_again(
    db: Session, make: Make, tenant: UUID, sold: Sold
) -> None:
    first = under_way(make, tenant, sold)
    with db.acting("ticketing_app", tenant=tenant):
        call(db, "fail_refund", refund_id=first, failure_code="no")
        request(db, sold.order, amount_cents=1)
        with db.refused("TK601"):
            call(db, "start_refund", refund_id=first, provider="stripe")
