"""refunds: rules of the table."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import pytest

from support.factories import Make
from support.session import Session

Acting = Callable[..., AbstractContextManager[Session]]

NOW = datetime(2030, 6, 1, 18, tzinfo=UTC)
ANN, BOB = UUID(int=1), UUID(int=2)


@pytest.mark.parametrize(
    ("constraint", "given"),
    [
        ("chk_refunds_amount_positive", {"amount_cents": 0}),
        ("chk_refunds_amount_positive", {"amount_cents": -1}),
        ("chk_refunds_status", {"status": "open"}),
        ("chk_refunds_attempts", {"attempt_count": -1}),
        ("chk_refunds_source", {"source": "nobody"}),
        ("chk_refunds_processed", {"status": "completed"}),
        ("chk_refunds_no_self_approval", {"requested_by": ANN, "approved_by": ANN}),
        ("chk_refunds_provider_pair", {"provider_refund_id": "re_1"}),
        ("chk_refunds_currency", {"currency": "usd"}),
        ("chk_refunds_currency", {"currency": "US"}),
        ("chk_refunds_currency", {"currency": "USDX"}),
    ],
)
def test_a_broken_rule_is_refused(
    db: Session, make: Make, tenant: UUID, constraint: str, given: dict[str, Any]
) -> None:
    with db.refused("23514", constraint):
        make.row("refunds", tenant, **given)


@pytest.mark.parametrize(
    "given",
    [
        {"amount_cents": 1},
        *({"status": status} for status in ("pending", "approved", "rejected", "processing")),
        *({"status": status} for status in ("failed", "cancelled")),
        {"status": "completed", "processed_at": NOW},
        {"attempt_count": 0},
        *({"source": source} for source in ("buyer", "admin", "event_cancellation")),
        *({"source": source} for source in ("chargeback", "external")),
        {"requested_by": ANN, "approved_by": BOB},
        {"requested_by": ANN, "approved_by": None},
        {"requested_by": None, "approved_by": BOB},
        {"provider": "stripe", "provider_refund_id": None},
        {"provider": "stripe", "provider_refund_id": "re_1"},
        {"currency": "EUR"},
    ],
)
def test_the_last_allowed_value_is_accepted(
    make: Make, tenant: UUID, given: dict[str, Any]
) -> None:
    order = make.id("orders", tenant, paid_cents=100)
    made = make.row("refunds", tenant, order_id=order, **given)
    assert given.items() <= made.items()


def test_a_refund_of_a_provider_is_stored_once_in_a_tenant(
    db: Session, make: Make, tenant: UUID, other_tenant: UUID
) -> None:
    given = {"provider": "stripe", "provider_refund_id": "re_1"}
    make.row("refunds", tenant, **given)
    with db.refused("23505", "uq_refunds_provider"):
        make.row("refunds", tenant, **given)
    assert given.items() <= make.row("refunds", other_tenant, **given).items()


def test_two_providers_may_use_the_same_number(make: Make, tenant: UUID) -> None:
    make.row("refunds", tenant, provider="stripe", provider_refund_id="1")
    again = make.row("refunds", tenant, provider="paypal", provider_refund_id="1")
    assert again["provider_refund_id"] == "1"


@pytest.mark.parametrize("status", ["pending", "approved", "processing"])
def test_a_ticket_has_one_live_refund(db: Session, make: Make, tenant: UUID, status: str) -> None:
    ticket = make.id("tickets", tenant)
    make.row("refunds", tenant, ticket_id=ticket, status=status)
    with db.refused("23505", "uq_refunds_one_live_per_ticket"):
        make.row("refunds", tenant, ticket_id=ticket)


@pytest.mark.parametrize("status", ["rejected", "completed", "failed", "cancelled"])
def test_an_ended_refund_does_not_block_the_next(make: Make, tenant: UUID, status: str) -> None:
    ticket, order = make.id("tickets", tenant), make.id("orders", tenant, paid_cents=100)
    ended = {"order_id": order, "status": status, "processed_at": NOW}
    make.row("refunds", tenant, ticket_id=ticket, **ended)
    assert make.row("refunds", tenant, ticket_id=ticket)["status"] == "pending"


def test_a_ticket_with_the_same_id_in_another_tenant_has_its_own_refund(
    make: Make, tenant: UUID, other_tenant: UUID
) -> None:
    ticket = make.id("tickets", tenant)
    make.row("refunds", tenant, ticket_id=ticket)
    make.row("tickets", other_tenant, id=ticket)
    assert make.row("refunds", other_tenant, ticket_id=ticket)["ticket_id"] == ticket


def test_refunds_without_a_ticket_do_not_collide(make: Make, tenant: UUID) -> None:
    order = make.id("orders", tenant)
    first = make.id("refunds", tenant, order_id=order)
    assert make.id("refunds", tenant, order_id=order) != first


def test_a_repeated_request_makes_one_refund(
    db: Session, make: Make, tenant: UUID, other_tenant: UUID
) -> None:
    order = make.id("orders", tenant)
    make.row("refunds", tenant, order_id=order, idempotency_key="k")
    with db.refused("23505", "uq_refunds_idempotency"):
        make.row("refunds", tenant, order_id=order, idempotency_key="k")
    make.row("orders", other_tenant, id=order)
    again = make.row("refunds", other_tenant, order_id=order, idempotency_key="k")
    assert again["idempotency_key"] == "k"


def test_two_orders_may_use_the_same_key(make: Make, tenant: UUID) -> None:
    make.row("refunds", tenant, idempotency_key="k")
    assert make.row("refunds", tenant, idempotency_key="k")["idempotency_key"] == "k"


def test_the_ticket_may_not_be_of_another_tenant(
    db: Session, make: Make, tenant: UUID, other_tenant: UUID
) -> None:
    stranger = make.id("tickets", other_tenant)
    with db.refused("23503", "fk_refunds_ticket_id"):
        make.row("refunds", tenant, ticket_id=stranger)


def test_the_ticket_must_exist(db: Session, make: Make, tenant: UUID) -> None:
    with db.refused("23503", "fk_refunds_ticket_id"):
        make.row("refunds", tenant, ticket_id=uuid4())


def test_the_order_must_be_one_of_the_tenant(
    db: Session, make: Make, tenant: UUID, other_tenant: UUID
) -> None:
    for order in (uuid4(), make.id("orders", other_tenant)):
        with db.refused("23503", "fk_refunds_order_id"):
            make.row("refunds", tenant, order_id=order)


def test_a_new_refund_is_pending_and_untried(make: Make, tenant: UUID) -> None:
    row = make.row("refunds", tenant)
    expected = {
        "status": "pending",
        "source": "admin",
        "currency": "USD",
        "attempt_count": 0,
        "version": 1,
    }
    assert expected.items() <= row.items()


@pytest.mark.parametrize(
    "column",
    [
        "tenant_id",
        "id",
        "order_id",
        "ticket_id",
        "amount_cents",
        "currency",
        "source",
        "requested_by",
        "version",
        "created_at",
        "updated_at",
    ],
)
def test_a_service_cannot_change(db: Session, tenant: UUID, as_tenant: Acting, column: str) -> None:
    with as_tenant(tenant), db.refused("42501") as by:
        db.run(f"UPDATE ticketing.refunds SET {column} = DEFAULT")
    assert "permission denied" in str(by.error)


def test_a_service_may_change_all_the_rest(
    db: Session, make: Make, tenant: UUID, as_tenant: Acting
) -> None:
    columns = """
        payment_id, status, reason, provider, provider_refund_id, multisig_request_id,
        approved_by, failure_code, attempt_count, processed_at, idempotency_key
    """
    make.row("refunds", tenant)
    with as_tenant(tenant):
        assert db.run(f"UPDATE ticketing.refunds SET ({columns}) = ROW ({columns})") == 1


def test_a_service_cannot_delete(db: Session, tenant: UUID, as_tenant: Acting) -> None:
    with as_tenant(tenant), db.refused("42501"):
        db.run("DELETE FROM ticketing.refunds")
