"""Sales, as a service makes them: calls by name, and what is left to compare."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from psycopg.types.json import Jsonb

from .factories import Make, Row
from .session import Session

DRIFT = "SELECT * FROM ticketing.ticket_inventory_drift"
RUN_OUT = "UPDATE ticketing.reservations SET expires_at = clock_timestamp() WHERE id = %s"
_keys = itertools.count(1)


def key() -> str:
    """Returns an idempotency key that no other call returns."""
    return f"sale-{next(_keys)}"


def calls(db: Session, function: str, **given: Any) -> list[Row]:
    """Returns the rows of a function; `given` are arguments without their `p_`."""
    arguments = ", ".join(f"p_{name} => %s" for name in given)
    values = [Jsonb(value) if isinstance(value, dict) else value for value in given.values()]
    return db.all(f"SELECT * FROM ticketing.{function}({arguments})", *values)


def call(db: Session, function: str, **given: Any) -> Row:
    """Returns the only row of a function."""
    (row,) = calls(db, function, **given)
    return row


def reserve(db: Session, kind: UUID | None, quantity: int | None = 1, **given: Any) -> Row:
    """Reserves tickets of a type, with a key of its own unless one is given."""
    usual = {"ticket_type_id": kind, "quantity": quantity, "idempotency_key": key()}
    return call(db, "reserve_tickets", **(usual | given))


def confirm(db: Session, claim: UUID | None, order: UUID | None = None, **given: Any) -> Row:
    """Confirms a reservation that is a cart of its own."""
    return call(db, "confirm_reservation", reservation_id=claim, order_id=order, **given)


def cancel(db: Session, claim: UUID | None, **given: Any) -> Row:
    """Cancels a reservation that is a cart of its own."""
    return call(db, "cancel_reservation", reservation_id=claim, **given)


def request(db: Session, order: UUID | None, **given: Any) -> Row:
    """Asks for a refund, with a key of its own unless one is given."""
    usual = {"order_id": order, "reason": "rain", "idempotency_key": key()}
    return call(db, "request_refund", **(usual | given))


def complete(db: Session, order: UUID | None, amount: int | None, **given: Any) -> Row:
    """Records what the provider says of a refund, by an id of its own unless one is given."""
    usual = {
        "order_id": order,
        "provider": "stripe",
        "provider_refund_id": key(),
        "amount_cents": amount,
        "currency": "USD",
    }
    return call(db, "complete_refund", **(usual | given))


def redeem(db: Session, order: UUID | None, code: str | None, **given: Any) -> Row:
    """Uses a code on an order."""
    return call(db, "redeem_discount", order_id=order, code=code, **given)


def counters(db: Session, kind: UUID) -> tuple[int, ...]:
    """Returns reserved, sold and free of a type."""
    row = db.one(
        """
        SELECT reserved_quantity, sold_quantity, available_quantity
        FROM ticketing.ticket_inventory WHERE ticket_type_id = %s
        """,
        kind,
    )
    return tuple(row.values())


def statuses(db: Session, table: str, *ids: UUID) -> list[str]:
    """Returns the status of each row, in the order of its id."""
    query = f"SELECT status FROM ticketing.{table} WHERE id = ANY (%s) ORDER BY id"
    return [row["status"] for row in db.all(query, list(ids))]


def order_of(make: Make, tenant: UUID, cents: int, **given: Any) -> UUID:
    """Returns an order over an amount that is paid."""
    return make.id(
        "orders",
        tenant,
        **{"subtotal_cents": cents, "total_cents": cents, "paid_cents": cents, **given},
    )


def open_order(make: Make, tenant: UUID, cents: int = 1000, **given: Any) -> UUID:
    """Returns an order over an amount that nobody has paid."""
    return order_of(make, tenant, cents, **{"paid_cents": 0, **given})


@dataclass
class Sold:
    """A paid order with its tickets."""

    user: UUID
    kind: UUID
    order: UUID
    claim: UUID
    tickets: list[UUID]


def sell(make: Make, tenant: UUID, quantity: int = 2, price: int = 1000, **given: Any) -> Sold:
    """Sells tickets of a new type that has ten, by the calls of a service."""
    db = make.session
    kind = make.ticket_type(tenant, 10, price_cents=price)["id"]
    user = make.id("users", tenant)
    order = order_of(make, tenant, quantity * price, user_id=user, **given)
    with db.acting("ticketing_app", tenant=tenant):
        claim = reserve(db, kind, quantity, user_id=user)["reservation_id"]
        tickets = confirm(db, claim, order)["ticket_ids"]
    return Sold(user, kind, order, claim, tickets)


def under_way(make: Make, tenant: UUID, sold: Sold, **given: Any) -> UUID:
    """Returns a refund of a sale that the provider is working on."""
    db = make.session
    with db.acting("ticketing_app", tenant=tenant, actor="admin"):
        asked: UUID = request(db, sold.order, **given)["refund_id"]
        somebody = make_user(make, tenant)
        call(db, "approve_refund", refund_id=asked, approved_by=somebody)
        call(db, "start_refund", refund_id=asked, provider="stripe")
    return asked


def make_user(make: Make, tenant: UUID) -> UUID:
    """Returns a new user, whatever role the session plays."""
    db = make.session
    role = db.value("SELECT current_setting('role')")
    db.run("SET LOCAL ROLE NONE")
    made = make.id("users", tenant)
    db.run(f"SET LOCAL ROLE {role}")
    return made
