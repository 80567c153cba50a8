"""What the connections of a soak do: one act is one transaction of one service."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any
from uuid import UUID, uuid4

import psycopg
from psycopg.rows import dict_row

from support.factories import Make, blockhash, signature


@dataclass
class Tenant:
    """One tenant, and the rows of it that somebody may have made; some were rolled back."""

    id: UUID
    rows: dict[str, list[UUID]] = field(default_factory=lambda: defaultdict(list))
    words: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))


def build(make: Make, chance: Random) -> Tenant:
    """Makes a tenant with little to sell and few to buy it, so that they meet."""
    tenant = Tenant(make.tenant())
    now = datetime.now(UTC)
    for _ in range(2):
        tenant.rows["events"].append(
            make.id("events", tenant.id, starts_at=now, ends_at=now + timedelta(hours=4))
        )
    tenant.rows["users"] = [make.id("users", tenant.id) for _ in range(12)]
    for person in tenant.rows["users"]:
        make.id(
            "spending_limits",
            tenant.id,
            user_id=person,
            per_transaction_limit=50_000,
            daily_limit=200_000,
        )
    for event in tenant.rows["events"]:
        for limit in (None, 6):
            kind = make.ticket_type(
                tenant.id, 40, event_id=event, max_purchase=4, max_per_user=limit
            )
            tenant.rows["ticket_types"].append(kind["id"])
        for buckets in (1, 3):
            with make.session.acting("ticketing_app", tenant=tenant.id) as service:
                zone = service.value(
                    "SELECT ticketing.create_zone(%s, %s, %s, %s)",
                    *(event, f"zone {buckets}", 30, buckets),
                )
            tenant.rows["zones"].append(zone)
    for number in range(12):
        buyer, is_paid = chance.choice(tenant.rows["users"]), number >= 4
        order = make.id(
            "orders",
            tenant.id,
            user_id=buyer,
            status="completed" if is_paid else "awaiting_payment",
            subtotal_cents=10_000,
            total_cents=10_000,
            paid_cents=10_000 if is_paid else 0,
        )
        tenant.rows["orders" if is_paid else "unpaid orders"].append(order)
    for limit in (None, 3):
        code = make.row("discounts", tenant.id, max_uses=limit, max_uses_per_user=2)["code"]
        tenant.words["codes"].append(code)
    return tenant


class Service:
    """One service at work: a connection inside a transaction that has its context.

    Args:
        connection: its connection.
        chance: chooses what it does.
        tenant: whom it works for.
        others: the other tenants, of whom it must never see a row.
    """

    def __init__(
        self, connection: psycopg.Connection, chance: Random, tenant: Tenant, others: list[Tenant]
    ) -> None:
        self.connection = connection
        self.chance = chance
        self.tenant = tenant
        self.others = others
        self.trespasses: list[str] = []

    def begin(self) -> None:
        """Opens the transaction of an act."""
        query = "SELECT ticketing.set_tenant_context(%s, p_actor_type => %s, p_reason => %s)"
        self.connection.execute(query, [self.tenant.id, "service", "the soak does so"])
        if self.chance.random() < 0.03:
            self.connection.execute("SET LOCAL statement_timeout = '3ms'")
        if self.chance.random() < 0.03:
            self.connection.execute("SET LOCAL lock_timeout = '1ms'")

    def all(self, query: str, *values: Any) -> list[dict[str, Any]]:
        with self.connection.cursor(row_factory=dict_row) as cursor:
            cursor.execute(query.encode(), values or None)
            return cursor.fetchall() if cursor.description else []

    def call(self, function: str, **arguments: Any) -> list[dict[str, Any]]:
        """Returns the rows of a function of the schema."""
        named = ", ".join(f"p_{name} => %s" for name in arguments)
        return self.all(f"SELECT * FROM ticketing.{function}({named})", *arguments.values())

    def some(self, kind: str) -> UUID | None:
        """Returns a row of the tenant, one of the newest rather than an old one."""
        known = self.tenant.rows[kind]
        recent = known[-20:] if self.chance.random() < 0.8 else known
        return self.chance.choice(recent) if recent else None

    def word(self, kind: str) -> str | None:
        """Returns a key or signature that somebody has used."""
        known = self.tenant.words[kind][-20:]
        return self.chance.choice(known) if known else None

    def set(self, table: str, row: UUID | None, status: str, **columns: Any) -> None:
        """Takes a row to a status."""
        given = {"status": status, **columns}
        changes = ", ".join(f"{name} = %s" for name in given)
        self.all(f"UPDATE ticketing.{table} SET {changes} WHERE id = %s", *given.values(), row)

    def as_admin(self) -> None:
        """Lets an administrator do what follows."""
        self.connection.execute("SELECT set_config('app.actor_type', 'admin', TRUE)")


Act = Callable[[Service], None]


# Reservations.


def reserve(at: Service) -> None:
    row = uuid4()
    at.tenant.rows["reservations"].append(row)
    kind = at.some("ticket_types")
    at.all(
        """
        INSERT INTO ticketing.reservations (
            tenant_id, id, event_id, ticket_type_id, user_id, quantity, expires_at
        )
        SELECT tenant_id, %s, event_id, id, %s, %s, clock_timestamp() + %s
        FROM ticketing.ticket_types WHERE id = %s
        """,
        *(row, at.some("users"), at.chance.randint(1, 4)),
        *(timedelta(seconds=at.chance.choice((0.3, 5, 600))), kind),
    )


def confirm_reservation(at: Service) -> None:
    at.set("reservations", at.some("reservations"), "confirmed", order_id=at.some("orders"))


def cancel_reservation(at: Service) -> None:
    at.set("reservations", at.some("reservations"), "cancelled", release_reason="changed my mind")


# Sales.


def sell(at: Service) -> None:
    key = at.word("cart keys") if at.chance.random() < 0.2 else uuid4().hex
    at.tenant.words["cart keys"].append(str(key))
    made = at.call(
        "reserve_tickets",
        ticket_type_id=at.some("ticket_types"),
        quantity=at.chance.randint(1, 3),
        idempotency_key=key,
        user_id=at.some("users"),
        time_to_live=timedelta(seconds=at.chance.choice((60, 600))),
    )
    at.tenant.rows["carts"].append(made[0]["reservation_id"])


def confirm_cart(at: Service) -> None:
    for row in at.call(
        "confirm_reservation",
        reservation_id=at.some("carts"),
        order_id=at.some("orders") if at.chance.random() < 0.3 else uuid4(),
    ):
        at.tenant.rows["tickets"] += row["ticket_ids"]


def cancel_cart(at: Service) -> None:
    at.call("cancel_reservation", reservation_id=at.some("carts"))


def wait(at: Service) -> None:
    kind, user = at.some("ticket_types"), at.some("users")
    made = at.call("join_waitlist", ticket_type_id=kind, user_id=user)
    at.tenant.rows["waitlist"].append(made[0]["waitlist_id"])


def offer(at: Service) -> None:
    at.call(
        "offer_waitlist",
        ticket_type_id=at.some("ticket_types"),
        limit=at.chance.randint(1, 3),
        time_to_live=timedelta(seconds=at.chance.choice((60, 600))),
    )


def take_offer(at: Service) -> None:
    row = at.some("waitlist")
    if at.chance.random() < 0.3:
        at.call("leave_waitlist", waitlist_id=row)
    else:
        at.call("accept_offer", waitlist_id=row, order_id=at.some("orders"))


def redeem(at: Service) -> None:
    order, code = at.some("unpaid orders"), at.word("codes")
    if at.chance.random() < 0.6:
        at.call("redeem_discount", order_id=order, code=code)
    else:
        at.call("reverse_discount", order_id=order, code=code)


# Holds of zones, and of the house.


def hold(at: Service) -> None:
    zone = at.some("zones")
    key = at.word("hold keys") if at.chance.random() < 0.2 else uuid4().hex
    at.tenant.words["hold keys"].append(str(key))
    event = at.all("SELECT event_id FROM ticketing.zones WHERE id = %s", zone)[0]["event_id"]
    made = at.call(
        "create_hold",
        event_id=event,
        zone_id=zone,
        quantity=at.chance.randint(1, 4),
        idempotency_key=key,
        time_to_live=timedelta(seconds=at.chance.choice((1, 600))),
    )
    at.tenant.rows["holds"].append(made[0]["hold_id"])


def confirm_hold(at: Service) -> None:
    row = at.some("holds")
    key = f"confirm {row}" if at.chance.random() < 0.8 else uuid4().hex
    at.call("confirm_hold", hold_id=row, idempotency_key=key)


def release_hold(at: Service) -> None:
    at.call("release_hold", hold_id=at.some("holds"))


def keep_back(at: Service) -> None:
    made = at.call(
        "place_house_hold",
        ticket_type_id=at.some("ticket_types"),
        quantity=at.chance.randint(1, 3),
        hold_reason="press",
    )
    at.tenant.rows["ticket_holds"].append(made[0]["hold_id"])


def let_go(at: Service) -> None:
    at.as_admin()
    at.call("release_house_hold", hold_id=at.some("ticket_holds"))


# Tickets.


def issue(at: Service) -> None:
    row, person = uuid4(), at.some("users")
    at.tenant.rows["tickets"].append(row)
    at.all(
        """
        INSERT INTO ticketing.tickets (
            tenant_id, id, event_id, ticket_type_id, user_id, original_purchaser_id, order_id,
            ticket_number, qr_code, price_cents, status
        )
        SELECT tenant_id, %s, event_id, id, %s, %s, %s, %s, %s, 2500, 'sold'
        FROM ticketing.ticket_types WHERE id = %s
        """,
        *(row, person, person, at.some("orders"), row.hex, row.hex, at.some("ticket_types")),
    )
    if at.chance.random() < 0.7:
        at.set("tickets", row, "active")


def activate(at: Service) -> None:
    at.set("tickets", at.some("tickets"), "active")


def revoke(at: Service) -> None:
    at.as_admin()
    at.set("tickets", at.some("tickets"), "revoked", status_reason="it was stolen")


def scan(at: Service) -> None:
    nonce = uuid4().hex
    query = """
        SELECT s.* FROM ticketing.tickets AS t
        CROSS JOIN LATERAL ticketing.record_scan_attempt(
            t.tenant_id, t.id, t.event_id, p_device_id => 'gate', p_client_nonce => %s,
            p_direction => %s, p_window_seconds => 1
        ) AS s
        WHERE t.id = %s
    """
    direction = "entry" if at.chance.random() < 0.8 else "exit"
    ticket = at.some("tickets")
    for _ in range(at.chance.choice((1, 1, 2))):
        at.all(query, nonce, direction, ticket)


def start_transfer(at: Service) -> None:
    query = """
        SELECT s.transfer_id FROM ticketing.tickets AS t
        CROSS JOIN LATERAL ticketing.start_transfer(
            t.id, 'friend@example.org', p_from_user_id => t.user_id, p_to_user_id => %s,
            p_transfer_type => %s, p_price_cents => %s, p_time_to_live => %s
        ) AS s
        WHERE t.id = %s
    """
    kind, price = at.chance.choice((("gift", 0), ("gift", 0), ("resale", 1000)))
    lasts = timedelta(seconds=at.chance.choice((60, 600)))
    for row in at.all(query, at.some("users"), kind, price, lasts, at.some("tickets")):
        at.tenant.rows["ticket_transfers"].append(row["transfer_id"])


def accept_transfer(at: Service) -> None:
    query = """
        SELECT a.outcome FROM ticketing.ticket_transfers AS r
        CROSS JOIN LATERAL ticketing.accept_transfer(r.id, p_user_id => r.to_user_id) AS a
        WHERE r.id = %s
    """
    at.all(query, at.some("ticket_transfers"))


def complete_transfer(at: Service) -> None:
    at.call("complete_transfer", transfer_id=at.some("ticket_transfers"))


def end_transfer(at: Service) -> None:
    at.call(
        at.chance.choice(("cancel_transfer", "reject_transfer")),
        transfer_id=at.some("ticket_transfers"),
    )


def reissue(at: Service) -> None:
    at.call("reissue_ticket", ticket_id=at.some("tickets"), code_hash=uuid4().hex * 2)


def show_code(at: Service) -> None:
    """Shows a code at the door that the ticket had when it was issued."""
    ticket = at.some("tickets")
    query = """
        SELECT s.result FROM ticketing.tickets AS t
        CROSS JOIN LATERAL ticketing.scan_code(t.tenant_id, %s, t.event_id) AS s
        WHERE t.id = %s
    """
    at.all(query, hashlib.sha256(ticket.hex.encode()).hexdigest() if ticket else None, ticket)


# Wallet passes.


def make_passes(at: Service) -> None:
    at.call("create_ticket_passes", ticket_id=at.some("tickets"))


def build_passes(at: Service) -> None:
    step = at.chance.choice(("produce", "send"))
    claimed = at.call(
        "claim_ticket_passes", claimed_by="soak", step=step, lease=timedelta(seconds=1)
    )
    at.connection.commit()
    at.begin()
    for row in claimed:
        done = {name: row[name] for name in ("claim_number", "pass_version")} | {
            "pass_id": row["id"]
        }
        if at.chance.random() < 0.8:
            at.call(f"mark_ticket_pass_{'produced' if step == 'produce' else 'sent'}", **done)
        elif at.chance.random() < 0.5:
            at.call("fail_ticket_pass", error="no network", **done)
        # Two passes of one ticket in one transaction could deadlock with what changes the ticket.
        at.connection.commit()
        at.begin()


def ask_money_back(at: Service) -> None:
    query = """
        SELECT r.refund_id FROM ticketing.tickets AS t
        CROSS JOIN LATERAL ticketing.request_refund(
            t.order_id, 'rain', %s, p_ticket_id => t.id
        ) AS r
        WHERE t.id = %s AND t.order_id IS NOT NULL
    """
    for row in at.all(query, uuid4().hex, at.some("tickets")):
        at.tenant.rows["refunds"].append(row["refund_id"])


def pay_back(at: Service) -> None:
    row = at.some("refunds")
    step = at.chance.choice(("approve", "start", "complete", "complete", "fail", "reject"))
    if step == "approve":
        at.as_admin()
        at.call("approve_refund", refund_id=row, approved_by=at.some("users"))
    elif step == "start":
        at.call("start_refund", refund_id=row, provider="stripe")
    elif step == "fail":
        at.call("fail_refund", refund_id=row, failure_code="card_expired")
    elif step == "reject":
        at.as_admin()
        at.call("reject_refund", refund_id=row, reason="too late")
    else:
        query = """
            SELECT c.outcome FROM ticketing.refunds AS f
            CROSS JOIN LATERAL ticketing.complete_refund(
                f.order_id, 'stripe', 're_' || f.id, f.amount_cents, f.currency, f.id
            ) AS c
            WHERE f.id = %s
        """
        at.all(query, row)


# The chain.


def mint(at: Service) -> None:
    tx = signature()
    at.tenant.words["transactions"].append(tx)
    at.call(
        "create_pending_transaction",
        tenant_id=at.tenant.id,
        tx_signature=tx,
        tx_type="mint",
        ticket_id=at.some("tickets"),
        event_id=None,
        from_user_id=None,
        to_user_id=None,
        blockhash=blockhash(),
        last_valid_block_height=1000,
    )


def hear_of_mint(at: Service) -> None:
    tx = at.word("transactions")
    heard = at.chance.random()
    if heard < 0.4:
        at.call(
            "confirm_transaction",
            tx_signature=tx,
            slot=1,
            block_time=datetime.now(UTC),
            token_mint=blockhash(),
        )
    elif heard < 0.6:
        at.call("mark_tx_seen", tx_signature=tx, commitment="confirmed", slot=1)
    elif heard < 0.8:
        at.call("mark_tx_not_found", tx_signature=tx, finalized_height=1001)
        at.call("expire_transactions")
    else:
        at.call(
            "fail_transaction", tx_signature=tx, error_code="Custom:1", error_message=None, slot=1
        )


# Requests.


def answer_once(at: Service) -> None:
    key = at.word("request keys") if at.chance.random() < 0.5 else uuid4().hex
    at.tenant.words["request keys"].append(str(key))
    got = at.call(
        "acquire_idempotency_key",
        tenant_id=at.tenant.id,
        key=key,
        operation="POST /orders",
        request_hash=hashlib.sha256(b"request").hexdigest(),
        lock_holder="soak",
        lock_duration=timedelta(seconds=1),
    )[0]
    if got["outcome"] == "acquired":
        at.connection.commit()
        at.begin()
        at.call(
            "complete_idempotency_key",
            key_id=got["key_id"],
            status="completed",
            response_status=201,
            response_body=None,
            lock_token=got["lock_token"],
        )


def ask(at: Service) -> None:
    made = at.call(
        "create_request_ticket",
        priority=at.chance.randint(0, 3),
        tags=["soak"],
        description="work",
        dest_path="/srv",
        created_by=at.some("users"),
    )
    at.tenant.rows["request_tickets"].append(made[0]["id"])


def process(at: Service) -> None:
    for row in at.call(
        "claim_request_tickets",
        claimed_by="soak",
        limit=at.chance.randint(1, 3),
        lease=timedelta(seconds=1),
    ):
        done = {"request_ticket_id": row["id"], "claim_number": row["claim_number"]}
        if at.chance.random() < 0.7:
            at.call("complete_request_ticket", **done)
        elif at.chance.random() < 0.7:
            at.call("fail_request_ticket", error="no such path", **done)


def withdraw(at: Service) -> None:
    at.call(
        "cancel_request_ticket",
        request_ticket_id=at.some("request_tickets"),
        cancelled_by=at.some("users"),
    )


def spend(at: Service) -> None:
    reference = at.word("purchases") if at.chance.random() < 0.2 else uuid4().hex
    at.tenant.words["purchases"].append(str(reference))
    at.call(
        "check_and_record_spending",
        user_id=at.some("users"),
        amount_cents=at.chance.choice((5_000, 20_000, 50_000)),
        currency="USD",
        transaction_reference=reference,
    )


def pay(at: Service) -> None:
    at.call(
        "record_payment",
        order_id=at.some("orders"),
        provider="stripe",
        provider_payment_id=uuid4().hex,
        amount_cents=10_000,
        currency="USD",
        status="succeeded",
    )


# The relay of events, across all tenants.


def relay(at: Service) -> None:
    sent = at.call(
        "claim_outbox", batch=at.chance.randint(1, 50), lease=timedelta(seconds=1), relay="soak"
    )
    at.connection.commit()
    at.begin()
    if not sent:
        return
    token = sent[0]["lock_token"]
    if at.chance.random() < 0.2:
        broken = at.chance.choice(sent)["id"]
        at.call("fail_outbox", id=broken, token=token, error="no broker", retry_in=timedelta())
        sent = [event for event in sent if event["id"] != broken]
    if at.chance.random() < 0.9:
        at.call("ack_outbox", ids=[event["id"] for event in sent], token=token)


# Maintenance, of all tenants.


def sweep(at: Service) -> None:
    at.call(at.chance.choice(SWEEPERS), batch=at.chance.randint(1, 50))


# What nobody may.


def trespass(at: Service) -> None:
    """Tries the rows of another tenant by their ids."""
    other = at.chance.choice(at.others)
    for table in (
        "tickets",
        "reservations",
        "holds",
        "refunds",
        "request_tickets",
        "orders",
        "waitlist",
    ):
        known = other.rows[table][-5:]
        if known and at.all(f"SELECT id FROM ticketing.{table} WHERE id = ANY (%s)", known):
            at.trespasses.append(f"read {table}")
    for table in ("reservations", "tickets"):
        known = other.rows[table][-5:]
        change = f"UPDATE ticketing.{table} SET status = status WHERE id = ANY (%s) RETURNING id"
        if known and at.all(change, known):
            at.trespasses.append(f"changed {table}")


SWEEPERS = (
    "expire_reservations",
    "expire_holds",
    "expire_house_holds",
    "expire_transfers",
    "expire_offers",
    "expire_transactions",
    "expire_unpaid_orders",
    "cleanup_expired_idempotency_keys",
)
# How often each is done, beside the others.
ACTS: dict[Act, int] = {
    reserve: 12,
    confirm_reservation: 8,
    cancel_reservation: 4,
    hold: 10,
    confirm_hold: 6,
    release_hold: 4,
    keep_back: 2,
    let_go: 2,
    issue: 6,
    activate: 2,
    revoke: 1,
    scan: 12,
    start_transfer: 6,
    accept_transfer: 6,
    complete_transfer: 4,
    end_transfer: 2,
    reissue: 1,
    show_code: 4,
    make_passes: 3,
    build_passes: 5,
    ask_money_back: 5,
    pay_back: 12,
    sell: 10,
    confirm_cart: 8,
    cancel_cart: 4,
    wait: 4,
    offer: 3,
    take_offer: 4,
    redeem: 4,
    mint: 3,
    hear_of_mint: 5,
    answer_once: 5,
    ask: 3,
    process: 3,
    withdraw: 1,
    spend: 3,
    pay: 2,
    relay: 6,
    sweep: 12,
    trespass: 4,
}
# What only background jobs may, and what holds for everybody else.
OF_WORKERS = {relay, sweep}
OF_SERVICES = {trespass}
