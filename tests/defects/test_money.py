"""Money without a ceiling, or told twice."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID

from support.factories import Make
from support.session import Session

from .defect import Rewrite, answer, attempt, attempt_to, catalog_of, prove

if TYPE_CHECKING:
    from conftest import Acting

SPEND = "SELECT allowed FROM ticketing.check_and_record_spending(%s, %s, 'USD', %s)"


def test_17_refunds_above_what_was_paid(db: Session, make: Make, tenant: UUID) -> None:
    order = make.id("orders", tenant, subtotal_cents=100, total_cents=100, paid_cents=100)

    def refund() -> UUID:
        return make.id(
            "refunds",
            tenant,
            order_id=order,
            status="completed",
            amount_cents=60,
            processed_at="2030-01-01",
        )

    def look() -> list[str]:
        return [attempt_to(db, refund) for _ in range(2)]

    prove(
        db,
        look,
        "DROP TRIGGER trg_refunds_10_apply_insert ON ticketing.refunds",
        promised=["done", "TK601"],
        broken=["done", "done"],
    )


def test_17_the_ceiling_stands_behind_the_trigger(db: Session, make: Make, tenant: UUID) -> None:
    order = make.id("orders", tenant, subtotal_cents=100, total_cents=100, paid_cents=100)

    def look() -> str:
        return attempt_to(
            db,
            lambda: make.id(
                "refunds",
                tenant,
                order_id=order,
                status="completed",
                amount_cents=101,
                processed_at="2030-01-01",
            ),
        )

    blind = Rewrite(
        "apply_refund_to_order",
        "IF v_order.refunded_cents + NEW.amount_cents > v_order.paid_cents THEN",
        "IF FALSE THEN",
    )
    prove(db, look, blind, promised="TK601", broken="23514")


def test_17_one_refund_of_the_provider_that_is_booked_twice(
    db: Session, make: Make, tenant: UUID
) -> None:
    order = make.id("orders", tenant)

    def refund() -> UUID:
        return make.id(
            "refunds", tenant, order_id=order, provider="stripe", provider_refund_id="re_1"
        )

    def look() -> list[str]:
        return [attempt_to(db, refund) for _ in range(2)]

    prove(
        db,
        look,
        "DROP INDEX ticketing.uq_refunds_provider",
        promised=["done", "23505"],
        broken=["done", "done"],
    )


def test_17_a_ticket_with_two_live_refunds(db: Session, make: Make, tenant: UUID) -> None:
    ticket = make.held_ticket(tenant)

    def look() -> list[str]:
        return [
            attempt_to(db, lambda: make.id("refunds", tenant, ticket_id=ticket)) for _ in range(2)
        ]

    prove(
        db,
        look,
        "DROP INDEX ticketing.uq_refunds_one_live_per_ticket",
        promised=["done", "23505"],
        broken=["done", "done"],
    )


def test_19_windows_that_restart(db: Session, make: Make, tenant: UUID, as_tenant: Acting) -> None:
    person = make.id("users", tenant)

    def look() -> list[bool]:
        """Returns whether each window reaches back its full length, to the second."""
        with as_tenant(tenant):
            rows = db.all(
                "SELECT extract(EPOCH FROM clock_timestamp() - window_start)::float8 AS age "
                "FROM ticketing.get_spending_status(%s) WHERE window_start IS NOT NULL",
                person,
            )
        hours = (24, 7 * 24, 30 * 24)
        return [abs(r["age"] - h * 3600) < 5 for r, h in zip(rows, hours, strict=True)]

    function = "get_spending_status"
    prove(
        db,
        look,
        Rewrite(function, "v_now - interval '24 hours'", "date_trunc('day', v_now, 'UTC')"),
        Rewrite(function, "v_now - interval '168 hours'", "date_trunc('year', v_now, 'UTC')"),
        Rewrite(function, "v_now - interval '720 hours'", "date_trunc('month', v_now, 'UTC')"),
        promised=[True, True, True],
        broken=[False, False, False],
    )


def test_19_limits_that_are_off(db: Session, make: Make, tenant: UUID, as_tenant: Acting) -> None:
    person = make.id("users", tenant)

    def look() -> list[Any]:
        # Nobody set a limit for this person, and no cache is there to be asked.
        with as_tenant(tenant):
            return [answer(db, SPEND, person, 50_000, f"order {number}") for number in range(3)]

    prove(
        db,
        look,
        Rewrite("check_and_record_spending", "IF v_tightest.is_hit THEN", "IF FALSE THEN"),
        promised=[True, True, False],
        broken=[True, True, True],
    )


def test_21_a_price_that_is_told_twice(
    db: Session, make: Make, tenant: UUID, as_tenant: Acting
) -> None:
    make.id("tickets", tenant, price_cents=1999)

    def look() -> str:
        with as_tenant(tenant):
            return attempt(db, "UPDATE ticketing.tickets SET price = 42")

    prove(
        db,
        look,
        "ALTER TABLE ticketing.tickets ALTER COLUMN price DROP EXPRESSION",
        "GRANT UPDATE (price) ON ticketing.tickets TO ticketing_app",
        promised="428C9",
        broken="done",
    )


def test_21_cents_that_are_a_decimal(db: Session) -> None:
    def look() -> set[str]:
        columns = catalog_of(db)["column"].items()
        return {name for name, c in columns if name.endswith("_cents") and c["type"] != "bigint"}

    prove(
        db,
        look,
        "ALTER TABLE ticketing.refunds ALTER COLUMN amount_cents TYPE numeric(10, 2)",
        promised=set(),
        broken={"refunds.amount_cents"},
    )
