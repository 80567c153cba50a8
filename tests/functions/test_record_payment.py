"""record_payment: one payment of a provider is one row, whatever is heard first or how often."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

import psycopg
import pytest

from support.databases import Database
from support.factories import Make
from support.races import in_turn, race
from support.session import Session

if TYPE_CHECKING:
    from conftest import Acting

GROWING = ["created", "pending", "failed", "cancelled", "succeeded", "disputed"]
ENDED = ["cancelled", "expired", "failed", "refunded"]
OPEN = ["pending", "awaiting_payment", "confirmed", "completed", "partially_refunded"]
DELIVERIES = 20


def record(
    session: Session, order: UUID | None, status: str | None = "succeeded", **given: Any
) -> dict[str, Any]:
    """Returns the answer to a report about the payment pi_1 of 10 dollars."""
    values = {
        "provider": "stripe",
        "provider_payment_id": "pi_1",
        "amount_cents": 1000,
        "currency": "USD",
        "status": status,
        "payment_id": None,
        **given,
    }
    arguments = ", ".join(f"p_{name} => %s" for name in values)
    return session.one(
        f"SELECT * FROM ticketing.record_payment(p_order_id => %s, {arguments})",
        *(order, *values.values()),
    )


def rows(db: Session, order: UUID) -> list[dict[str, Any]]:
    return db.all("SELECT * FROM ticketing.payments WHERE order_id = %s ORDER BY created_at", order)


@pytest.fixture
def order(make: Make, tenant: UUID) -> UUID:
    return make.id("orders", tenant, status="awaiting_payment")


@pytest.mark.parametrize("role", ["ticketing_app", "ticketing_worker"])
@pytest.mark.parametrize("status", GROWING)
def test_the_first_report_makes_the_row(
    db: Session, tenant: UUID, *, order: UUID, status: str, role: str
) -> None:
    with db.acting(role, tenant=tenant):
        answer = record(db, order, status)
    (row,) = rows(db, order)
    assert answer == {
        "payment_id": row["id"],
        "status": status,
        "outcome": "recorded",
        "is_late": False,
    }
    assert (row["provider_payment_id"], row["amount_cents"], row["version"]) == ("pi_1", 1000, 1)


def test_from_the_call_to_the_dispute(
    db: Session, tenant: UUID, order: UUID, as_tenant: Acting
) -> None:
    ours = uuid4()
    reports: list[tuple[str, dict[str, Any], str]] = [
        ("created", {"payment_id": ours, "provider_payment_id": None}, "recorded"),
        ("created", {"payment_id": ours, "provider_payment_id": None}, "repeated"),
        ("pending", {"payment_id": ours}, "advanced"),
        ("failed", {}, "advanced"),
        ("succeeded", {}, "advanced"),
        ("succeeded", {"payment_id": ours}, "repeated"),
        ("disputed", {}, "advanced"),
    ]
    with as_tenant(tenant) as service:
        for status, given, outcome in reports:
            answer = record(service, order, status, **given)
            assert (answer["payment_id"], answer["outcome"]) == (ours, outcome)
    (row,) = rows(db, order)
    assert (row["status"], row["provider_payment_id"], row["version"]) == ("disputed", "pi_1", 5)


@pytest.mark.parametrize(("known", "news"), [*product(GROWING, GROWING)])
def test_news_only_goes_forward(
    db: Session, tenant: UUID, *, order: UUID, as_tenant: Acting, known: str, news: str
) -> None:
    with as_tenant(tenant) as service:
        record(service, order, known)
        (before,) = rows(db, order)
        answer = record(service, order, news)
    (after,) = rows(db, order)
    forward = GROWING.index(news) - GROWING.index(known)
    outcome = "advanced" if forward > 0 else "outdated" if forward else "repeated"
    assert answer["outcome"] == outcome
    assert answer["status"] == after["status"] == (news if forward > 0 else known)
    if forward <= 0:
        assert after == before


@pytest.mark.parametrize("with_our_id", [True, False])
@pytest.mark.parametrize("prepared", [True, False])
def test_the_webhook_before_the_answer_makes_one_row(
    db: Session, tenant: UUID, *, order: UUID, as_tenant: Acting, prepared: bool, with_our_id: bool
) -> None:
    ours = uuid4()
    with as_tenant(tenant) as service:
        if prepared:
            record(service, order, "created", payment_id=ours, provider_payment_id=None)
        webhook = record(service, order, payment_id=ours if with_our_id else None)
        answer = record(service, order, "pending", payment_id=ours)
    (row,) = rows(db, order)
    assert webhook["payment_id"] == answer["payment_id"] == row["id"]
    assert answer["outcome"] == "outdated"
    assert (row["status"], row["provider_payment_id"]) == ("succeeded", "pi_1")
    if prepared or with_our_id:
        assert row["id"] == ours


def test_a_webhook_without_our_id_does_not_guess_between_two(
    db: Session, tenant: UUID, order: UUID, as_tenant: Acting
) -> None:
    with as_tenant(tenant) as service:
        for _ in range(2):
            record(service, order, "created", payment_id=uuid4(), provider_payment_id=None)
        assert record(service, order)["outcome"] == "recorded"
    assert len(rows(db, order)) == 3


@pytest.mark.parametrize(
    "other",
    [
        {"provider": "paypal"},
        {"amount_cents": 999},
        {"provider_payment_id": "pi_0"},
        {"status": "failed"},
    ],
)
def test_a_webhook_without_our_id_takes_no_row_that_differs(
    db: Session, make: Make, tenant: UUID, *, order: UUID, as_tenant: Acting, other: dict[str, Any]
) -> None:
    waiting = {"amount_cents": 1000, "order_id": order, **other}
    make.row("payments", tenant, **waiting)
    make.row("payments", tenant, amount_cents=1000)
    with as_tenant(tenant) as service:
        assert record(service, order)["outcome"] == "recorded"
    assert len(rows(db, order)) == 2


def test_an_answer_is_attached_even_when_its_news_is_old(
    db: Session, make: Make, tenant: UUID, order: UUID, as_tenant: Acting
) -> None:
    ours = make.id("payments", tenant, order_id=order, status="cancelled", amount_cents=1000)
    with as_tenant(tenant) as service:
        answer = record(service, order, "pending", payment_id=ours)
    assert (answer["outcome"], answer["status"]) == ("outdated", "cancelled")
    assert rows(db, order)[0]["provider_payment_id"] == "pi_1"


@pytest.mark.parametrize(
    "given",
    [
        {"provider": "paypal", "payment_id": UUID(int=5)},
        {"provider_payment_id": "pi_2", "payment_id": UUID(int=5)},
        {"amount_cents": 999},
        {"amount_cents": 1001},
        {"currency": "EUR"},
    ],
)
def test_a_mix_up_is_refused(
    db: Session, tenant: UUID, *, order: UUID, as_tenant: Acting, given: dict[str, Any]
) -> None:
    with as_tenant(tenant) as service:
        record(service, order, "pending", payment_id=UUID(int=5))
        before = rows(db, order)
        with service.refused("TK163"):
            record(service, order, "succeeded", **given)
        assert rows(db, order) == before


def test_one_payment_is_not_recorded_for_two_orders(
    make: Make, tenant: UUID, order: UUID, as_tenant: Acting
) -> None:
    other = make.id("orders", tenant)
    with as_tenant(tenant) as service:
        record(service, order)
        with service.refused("TK163"):
            record(service, other)


def test_two_tenants_may_have_payments_of_the_same_name(
    db: Session, make: Make, tenant: UUID, *, order: UUID, other_tenant: UUID, as_tenant: Acting
) -> None:
    theirs = make.id("orders", other_tenant)
    with as_tenant(tenant) as service:
        record(service, order)
    with as_tenant(other_tenant) as service:
        assert record(service, theirs)["outcome"] == "recorded"
        # An order of another tenant is as unknown as an invented one.
        for unknown in (order, uuid4()):
            with service.refused("TK165"):
                record(service, unknown)
    assert len(rows(db, order)) == len(rows(db, theirs)) == 1


@pytest.mark.parametrize("status", ["created", "succeeded"])
def test_the_currency_is_the_orders(
    tenant: UUID, order: UUID, as_tenant: Acting, status: str
) -> None:
    with as_tenant(tenant) as service, service.refused("TK166"):
        record(service, order, status, currency="EUR")


@pytest.mark.parametrize(("state", "status"), [*product(ENDED, ["created", "pending"])])
def test_an_ended_order_takes_no_new_payment(
    make: Make, tenant: UUID, as_tenant: Acting, *, state: str, status: str
) -> None:
    order = make.id("orders", tenant, status=state)
    with as_tenant(tenant) as service, service.refused("TK164"):
        record(service, order, status)


@pytest.mark.parametrize("known", [None, "created", "pending", "failed", "cancelled", "succeeded"])
@pytest.mark.parametrize("state", [*ENDED, *OPEN])
def test_money_for_an_ended_order_is_recorded_and_called_late(
    make: Make, tenant: UUID, as_tenant: Acting, *, state: str, known: str | None
) -> None:
    order = make.id("orders", tenant, status=state)
    if known:
        stored = {"provider_payment_id": "pi_1", "amount_cents": 1000, "status": known}
        make.row("payments", tenant, order_id=order, **stored)
    with as_tenant(tenant) as service:
        answer = record(service, order)
    assert (answer["status"], answer["is_late"]) == ("succeeded", state in ENDED)


@pytest.mark.parametrize("status", ["failed", "cancelled", "disputed"])
def test_only_money_is_late(make: Make, tenant: UUID, as_tenant: Acting, status: str) -> None:
    order = make.id("orders", tenant, status="expired")
    with as_tenant(tenant) as service:
        assert record(service, order, status)["is_late"] is False


@pytest.mark.parametrize(
    "given",
    [
        {"provider": None},
        {"provider": " "},
        {"provider_payment_id": ""},
        {"provider_payment_id": " ", "payment_id": UUID(int=5)},
        {"provider_payment_id": None},
        {"provider": "p" * 256},
        {"provider_payment_id": "p" * 256},
        {"amount_cents": None},
        {"amount_cents": -1},
        {"currency": None},
        {"currency": "usd"},
        {"currency": "USD\n"},
        {"status": None},
        {"status": "paid"},
    ],
)
def test_a_malformed_report_is_refused(
    tenant: UUID, order: UUID, as_tenant: Acting, given: dict[str, Any]
) -> None:
    with as_tenant(tenant) as service:
        with service.refused("TK001"):
            record(service, order, **given)
        with service.refused("TK001"):
            record(service, None)


def test_nothing_may_be_free(tenant: UUID, order: UUID, as_tenant: Acting) -> None:
    with as_tenant(tenant) as service:
        assert record(service, order, amount_cents=0)["outcome"] == "recorded"


@pytest.mark.parametrize("status", GROWING)
def test_a_customer_cannot_say_that_they_have_paid(
    tenant: UUID, order: UUID, as_tenant: Acting, status: str
) -> None:
    with as_tenant(tenant, actor="user") as customer:
        if status in ("created", "pending"):
            assert record(customer, order, status)["outcome"] == "recorded"
        else:
            with customer.refused("TK202"):
                record(customer, order, status)


def test_without_a_tenant_nothing_is_recorded(order: UUID, as_worker: Acting) -> None:
    with as_worker() as worker, worker.refused("TK701"):
        record(worker, order)


@pytest.mark.parametrize("role", ["ticketing_readonly", "ts_test_nobody"])
def test_a_reader_records_nothing(db: Session, tenant: UUID, order: UUID, role: str) -> None:
    with db.acting(role, tenant=tenant), db.refused("42501"):
        record(db, order)


def committed(clone: Database, **given: Any) -> tuple[UUID, UUID]:
    with clone.connect() as connection:
        make = Make(Session(connection))
        tenant = make.tenant()
        return tenant, make.id("orders", tenant, status="awaiting_payment", **given)


def test_twenty_deliveries_of_one_webhook_make_one_row(clone: Database) -> None:
    tenant, order = committed(clone)

    answers = race(
        clone,
        "ts_test_app",
        DELIVERIES,
        lambda caller, _: record(Session(caller), order)["outcome"],
        tenant=tenant,
    )

    assert sorted(map(str, answers)) == ["recorded"] + ["repeated"] * (DELIVERIES - 1)
    with clone.connect() as connection:
        assert len(rows(Session(connection), order)) == 1


@pytest.mark.parametrize("statuses", [("pending", "succeeded"), ("succeeded", "pending")])
def test_webhook_and_answer_at_once_make_one_row(
    clone: Database, statuses: tuple[str, str]
) -> None:
    tenant, order = committed(clone)
    ours = uuid4()

    _, second, waited = in_turn(
        clone,
        "ts_test_app",
        lambda caller: record(Session(caller), order, statuses[0], payment_id=ours),
        lambda caller: record(Session(caller), order, statuses[1]),
        tenant=tenant,
    )

    assert waited
    assert isinstance(second, dict)
    assert (second["payment_id"], second["status"]) == (ours, "succeeded")
    with clone.connect() as connection:
        assert [row["status"] for row in rows(Session(connection), order)] == ["succeeded"]


def test_one_payment_for_two_orders_at_once_is_a_mix_up(clone: Database) -> None:
    tenant, order = committed(clone)
    with clone.connect() as connection:
        other = Make(Session(connection)).id("orders", tenant)

    _, second, waited = in_turn(
        clone,
        "ts_test_app",
        lambda caller: record(Session(caller), order),
        lambda caller: record(Session(caller), other),
        tenant=tenant,
    )

    assert waited
    assert isinstance(second, psycopg.Error)
    assert second.sqlstate == "TK163"
