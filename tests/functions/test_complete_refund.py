"""complete_refund: the answer and the webhook of one refund are one row."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
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

REFUNDED = "SELECT refunded_cents FROM ticketing.orders WHERE id = %s"


@pytest.fixture
def sold(make: Make, tenant: UUID) -> Sold:
    """Two tickets at 1000 each."""
    return sell(make, tenant)


@pytest.fixture
def refund(make: Make, tenant: UUID, sold: Sold) -> UUID:
    """A refund of one of them that the provider is working on."""
    return under_way(make, tenant, sold, ticket_id=sold.tickets[0])


@pytest.mark.parametrize("role", ["ticketing_app", "ticketing_worker"])
@pytest.mark.parametrize("first", ["answer", "webhook", "webhook with our id"])
def test_whichever_comes_first_there_is_one_row(
    db: Session, tenant: UUID, *, sold: Sold, refund: UUID, role: str, first: str
) -> None:
    answer: Row = {"provider_refund_id": "re_1", "refund_id": refund}
    webhook: Row = {"provider_refund_id": "re_1"}
    turns = {
        "answer": [answer, webhook, webhook],
        "webhook": [webhook, answer, webhook],
        "webhook with our id": [answer, answer, webhook],
    }[first]
    with db.acting(role, tenant=tenant):
        told = [complete(db, sold.order, 1000, **turn) for turn in turns]
    assert [r["outcome"] for r in told] == ["completed", "replayed", "replayed"]
    assert {(r["refund_id"], r["status"]) for r in told} == {(refund, "completed")}
    row = db.one("SELECT * FROM ticketing.refunds")
    assert (row["provider_refund_id"], row["source"]) == ("re_1", "admin")
    assert row["processed_at"] is not None
    assert db.value(REFUNDED, sold.order) == 1000


def test_a_refund_made_outside_is_recorded_once(
    db: Session, make: Make, tenant: UUID, sold: Sold, as_tenant: Acting
) -> None:
    payment = make.id(
        "payments", tenant, order_id=sold.order, status="succeeded", amount_cents=2000
    )
    with as_tenant(tenant):
        seen = complete(db, sold.order, 300, provider_refund_id="re_9", payment_id=payment)
        again = complete(db, sold.order, 300, provider_refund_id="re_9", payment_id=payment)
    assert (seen["status"], seen["outcome"]) == ("completed", "recorded")
    assert again == {**seen, "outcome": "replayed"}
    row = db.one("SELECT * FROM ticketing.refunds")
    assert (row["source"], row["payment_id"]) == ("external", payment)
    assert db.value(REFUNDED, sold.order) == 300
    assert db.value("SELECT refunded_cents FROM ticketing.payments") == 300


@pytest.mark.parametrize(
    "other",
    [{"amount": 999}, {"provider": "paypal"}, {"currency": "EUR"}],
    ids=shown,
)
def test_news_of_another_refund_is_not_taken_for_ours(
    db: Session, tenant: UUID, *, sold: Sold, refund: UUID, other: Row
) -> None:
    given = {"amount": 1000} | other
    with db.acting("ticketing_app", tenant=tenant):
        if "currency" in other:
            with db.refused("TK602"):
                complete(db, sold.order, **given)
        else:
            assert complete(db, sold.order, **given)["outcome"] == "recorded"
    query = "SELECT status FROM ticketing.refunds WHERE id = %s"
    assert db.value(query, refund) == "processing"


CONTRADICTIONS: list[Row] = [
    {"amount": 999},
    {"provider": "paypal"},
    {"currency": "EUR"},
    {"order": "another"},
    {"provider_refund_id": "re_2"},
]


@pytest.mark.parametrize(
    ("known", "other"),
    [*((False, other) for other in CONTRADICTIONS[:4]), *((True, o) for o in CONTRADICTIONS)],
    ids=shown,
)
def test_news_that_contradict_the_row_are_refused(
    db: Session,
    make: Make,
    tenant: UUID,
    *,
    sold: Sold,
    refund: UUID,
    known: bool,
    other: Row,
) -> None:
    order = order_of(make, tenant, 2000) if "order" in other else sold.order
    given: Row = {"amount": 1000, "refund_id": refund, "provider_refund_id": "re_1"} | {
        name: value for name, value in other.items() if name != "order"
    }
    with db.acting("ticketing_app", tenant=tenant):
        if known:
            complete(db, sold.order, 1000, refund_id=refund, provider_refund_id="re_1")
        with db.refused("TK607"):
            complete(db, order, **given)


def test_the_id_of_one_refund_does_not_complete_another(
    db: Session, make: Make, tenant: UUID, sold: Sold, refund: UUID
) -> None:
    second = under_way(make, tenant, sold, ticket_id=sold.tickets[1])
    with db.acting("ticketing_app", tenant=tenant):
        complete(db, sold.order, 1000, refund_id=refund, provider_refund_id="re_1")
        with db.refused("TK607"):
            complete(db, sold.order, 1000, refund_id=second, provider_refund_id="re_1")


def test_of_two_that_could_be_meant_none_is_guessed(
    db: Session, make: Make, tenant: UUID, sold: Sold, refund: UUID
) -> None:
    under_way(make, tenant, sold, ticket_id=sold.tickets[1])
    with db.acting("ticketing_app", tenant=tenant):
        with db.refused("TK609"):
            complete(db, sold.order, 1000, provider_refund_id="re_1")
        complete(db, sold.order, 1000, provider_refund_id="re_1", refund_id=refund)
        assert complete(db, sold.order, 1000, provider_refund_id="re_1")["outcome"] == "replayed"


def test_success_after_failure_counts(
    db: Session, tenant: UUID, *, sold: Sold, refund: UUID, as_tenant: Acting
) -> None:
    with as_tenant(tenant):
        call(db, "fail_refund", refund_id=refund, failure_code="no")
        assert complete(db, sold.order, 1000, refund_id=refund)["outcome"] == "completed"
    assert db.value(REFUNDED, sold.order) == 1000


def test_what_was_never_started_is_not_completed(
    db: Session, tenant: UUID, sold: Sold, as_tenant: Acting
) -> None:
    with as_tenant(tenant):
        asked = request(db, sold.order)["refund_id"]
        with db.refused("TK201"):
            complete(db, sold.order, 2000, refund_id=asked)
        with db.refused("TK610"):
            complete(db, sold.order, 2000, refund_id=uuid4())


@pytest.mark.parametrize(("amount", "code"), [(2000, None), (2001, "TK601")])
def test_never_more_than_was_paid(
    db: Session, tenant: UUID, *, sold: Sold, amount: int, code: str | None
) -> None:
    with db.acting("ticketing_app", tenant=tenant):
        if code is None:
            complete(db, sold.order, amount)
        else:
            with db.refused(code):
                complete(db, sold.order, amount)


@pytest.mark.parametrize(
    "given",
    [
        {"order_id": None},
        {"provider": None},
        {"provider": " "},
        {"provider_refund_id": None},
        {"provider_refund_id": ""},
        {"provider_refund_id": "r" * 256},
        {"amount_cents": None},
        {"amount_cents": 0},
        {"currency": None},
        {"currency": "usd"},
        {"reason": None},
        {"reason": " "},
    ],
    ids=shown,
)
def test_incomplete_news_are_refused(
    db: Session, tenant: UUID, *, sold: Sold, given: dict[str, Any]
) -> None:
    with db.acting("ticketing_app", tenant=tenant), db.refused("TK001"):
        complete(db, sold.order, 1000, **given)


def test_who_may_call_for_which_order(
    db: Session,
    make: Make,
    tenant: UUID,
    *,
    other_tenant: UUID,
    sold: Sold,
    as_user: Acting,
    as_readonly: Acting,
    as_worker: Acting,
) -> None:
    foreign = sell(make, other_tenant)
    with db.acting("ticketing_app", tenant=tenant):
        for absent in (uuid4(), foreign.order):
            with db.refused("TK603"):
                complete(db, absent, 1000)
    with as_user(tenant, sold.user), db.refused("TK119"):
        complete(db, sold.order, 1000)
    with as_user(tenant, sold.user, "staff"), db.refused("TK202"):
        complete(db, sold.order, 1000, refund_id=under_way_of(make, tenant, sold))
    with as_readonly(tenant), db.refused("42501"):
        complete(db, sold.order, 1000)
    with as_worker(), db.refused("TK701"):
        complete(db, sold.order, 1000)


def under_way_of(make: Make, tenant: UUID, sold: Sold) -> UUID:
    db = make.session
    db.run("SET LOCAL ROLE NONE")
    made = make.id(
        "refunds",
        tenant,
        order_id=sold.order,
        amount_cents=1000,
        status="processing",
        provider="stripe",
    )
    db.run("SET LOCAL ROLE ticketing_app")
    return made


def test_copies_of_the_webhook_record_one_refund(clone: Database) -> None:
    with psycopg.connect(clone.superuser_url) as connection:
        make = Make(Session(connection))
        tenant = make.tenant()
        order = order_of(make, tenant, 1000)

    def act(connection: psycopg.Connection, _: int) -> str:
        told = complete(Session(connection), order, 100, provider_refund_id="re_1")
        return str(told["outcome"])

    results = race(clone, "ts_test_app", 10, act, tenant=tenant)
    assert sorted(map(str, results)) == ["recorded"] + ["replayed"] * 9
    with psycopg.connect(clone.superuser_url) as connection:
        assert Session(connection).value(REFUNDED, order) == 100
