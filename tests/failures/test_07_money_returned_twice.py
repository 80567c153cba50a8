"""Failure 7: money is returned twice, or more than was paid."""

from __future__ import annotations

from uuid import UUID

import psycopg
import pytest

from defects.defect import Act, Race, Rewrite
from support.sales import complete, key, order_of, request, sell
from support.session import Session

# Nobody waits for the order, and the provider's id counts for nothing.
UNLOCKED = Rewrite("lock_order", "FOR NO KEY UPDATE", "")
UNMARKED = "DROP INDEX ticketing.uq_refunds_provider"
ROWS = "SELECT count(*) FROM ticketing.refunds WHERE order_id = %s"
REFUNDED = "SELECT refunded_cents FROM ticketing.orders WHERE id = %s"


def got(answer: object) -> object:
    return getattr(answer, "sqlstate", answer)


def seen(order: UUID, amount: int, provider_id: str, refund: UUID | None = None) -> Act:
    """Returns a webhook, or with the refund the answer to our call."""

    def act(connection: psycopg.Connection) -> str:
        given = {"provider_refund_id": provider_id, "refund_id": refund}
        return str(complete(Session(connection), order, amount, **given)["outcome"])

    return act


def processing(race: Race, order: UUID, amount: int) -> UUID:
    """Returns a refund that the provider is working on."""
    return race.make.id(
        "refunds",
        race.tenant,
        order_id=order,
        amount_cents=amount,
        status="processing",
        provider="stripe",
    )


def state(race: Race, order: UUID) -> tuple[int, int]:
    """Returns how many refunds an order has, and what they have paid back."""
    return race.db.value(ROWS, order), race.db.value(REFUNDED, order)


@pytest.mark.parametrize("webhook_first", [False, True], ids=["answer first", "webhook first"])
def test_the_answer_and_the_webhook_come_at_once(race: Race, *, webhook_first: bool) -> None:
    def look() -> object:
        order = order_of(race.make, race.tenant, 1000)
        refund, provider_id = processing(race, order, 100), key()
        answer, webhook = seen(order, 100, provider_id, refund), seen(order, 100, provider_id)
        first, second = (webhook, answer) if webhook_first else (answer, webhook)
        one, other = race.run(first, second)
        return got(one), got(other), state(race, order)

    # A webhook that does not look for our row, and rows that may have one id.
    deaf = Rewrite("complete_refund", "AND r.status = 'processing'", "AND FALSE")
    blind = Rewrite("complete_refund", "AND r.provider_refund_id = p_provider_refund_id;",
                    "AND FALSE;")  # fmt: skip
    race.prove(
        look,
        UNLOCKED,
        UNMARKED,
        deaf,
        blind,
        promised=("completed", "replayed", (1, 100)),
        broken=(*("recorded", "completed")[:: 1 if webhook_first else -1], (2, 200)),
    )


def test_a_refund_made_outside_is_reported_twice_at_once(race: Race) -> None:
    def look() -> object:
        order, provider_id = order_of(race.make, race.tenant, 1000), key()
        webhook = seen(order, 100, provider_id)
        one, other = race.run(webhook, webhook)
        return got(one), got(other), state(race, order)

    race.prove(
        look,
        UNLOCKED,
        UNMARKED,
        promised=("recorded", "replayed", (1, 100)),
        broken=("recorded", "recorded", (2, 200)),
    )


def test_the_id_of_the_provider_stands_behind_the_lock(race: Race) -> None:
    def look() -> object:
        order, provider_id = order_of(race.make, race.tenant, 1000), key()
        webhook = seen(order, 100, provider_id)
        one, other = race.run(webhook, webhook)
        return got(one), got(other), state(race, order)

    race.prove(
        look,
        UNLOCKED,
        promised=("recorded", "replayed", (1, 100)),
        broken=("recorded", "23505", (1, 100)),
    )


def test_two_people_ask_for_all_the_money_at_once(race: Race) -> None:
    def look() -> object:
        order = order_of(race.make, race.tenant, 1000)

        def ask(connection: psycopg.Connection) -> str:
            return str(request(Session(connection), order)["outcome"])

        one, other = race.run(ask, ask)
        return got(one), got(other)

    race.prove(look, UNLOCKED, promised=("requested", "TK601"), broken=("requested", "requested"))


def test_two_refunds_of_more_than_was_paid_are_completed_at_once(race: Race) -> None:
    def look() -> object:
        order = order_of(race.make, race.tenant, 100)
        first, second = [seen(order, 60, key(), processing(race, order, 60)) for _ in range(2)]
        one, other = race.run(first, second)
        return got(one), got(other), race.db.value(REFUNDED, order)

    race.prove(
        look,
        Rewrite(
            "apply_refund_to_order",
            "IF v_order.refunded_cents + NEW.amount_cents > v_order.paid_cents THEN",
            "IF FALSE THEN",
        ),
        "ALTER TABLE ticketing.orders DROP CONSTRAINT chk_orders_refund_ceiling",
        promised=("completed", "TK601", 60),
        broken=("completed", "completed", 120),
    )


def test_the_ceiling_of_the_table_stands_behind_the_trigger(race: Race) -> None:
    def look() -> object:
        order = order_of(race.make, race.tenant, 100)
        first, second = [seen(order, 60, key(), processing(race, order, 60)) for _ in range(2)]
        one, other = race.run(first, second)
        return got(one), got(other), race.db.value(REFUNDED, order)

    race.prove(
        look,
        Rewrite(
            "apply_refund_to_order",
            "IF v_order.refunded_cents + NEW.amount_cents > v_order.paid_cents THEN",
            "IF FALSE THEN",
        ),
        promised=("completed", "TK601", 60),
        broken=("completed", "23514", 60),
    )


def test_the_service_dies_with_the_answer_and_the_webhook_comes(race: Race) -> None:
    def look() -> object:
        order, provider_id = order_of(race.make, race.tenant, 1000), key()
        refund = processing(race, order, 100)
        race.die(seen(order, 100, provider_id, refund))
        return race.alone(seen(order, 100, provider_id)), state(race, order)

    race.prove(
        look,
        Rewrite("complete_refund", "AND r.status = 'processing'", "AND FALSE"),
        promised=("completed", (1, 100)),
        broken=("recorded", (2, 100)),
    )


def test_the_place_of_a_refunded_ticket_goes_back_once(race: Race) -> None:
    """The answer and the webhook of one refund, and what is free afterwards."""

    def look() -> object:
        sold = sell(race.make, race.tenant, 2)
        refund = race.make.id(
            "refunds",
            race.tenant,
            order_id=sold.order,
            ticket_id=sold.tickets[0],
            amount_cents=1000,
            status="processing",
            provider="stripe",
        )
        provider_id = key()
        race.run(
            seen(sold.order, 1000, provider_id, refund), seen(sold.order, 1000, provider_id, refund)
        )
        free = "SELECT available_quantity FROM ticketing.ticket_inventory WHERE ticket_type_id = %s"
        return race.db.value(free, sold.kind)

    race.prove(
        look,
        Rewrite("release_ticket_availability", "- o.returned_quantity", ""),
        Rewrite(
            "end_refunded_tickets",
            "returned_quantity = least(r.quantity, r.returned_quantity + n.tickets)",
            "returned_quantity = r.quantity",
        ),
        promised=9,
        broken=10,
    )
