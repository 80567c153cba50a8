"""The smallest valid row of each table, made by the superuser.

`make.row("tickets", tenant, status="active")` inserts a row with what it needs around it and
returns it whole. A table without a factory fails the suite (tests/conventions).
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from psycopg import sql
from psycopg.rows import dict_row
from psycopg.types.json import Jsonb

from .session import Session

Row = dict[str, Any]
_numbers = itertools.count(1)


class Make:
    """Makes rows.

    Args:
        session: whose connection inserts; it must be the superuser's.
    """

    def __init__(self, session: Session) -> None:
        self.session = session

    def tenant(self, **given: Any) -> UUID:
        """Returns the id of a new tenant."""
        number = next(_numbers)
        row = self._insert("tenants", {"slug": f"tenant-{number}", "name": "Tenant", **given})
        made: UUID = row["id"]
        return made

    def row(self, table: str, tenant: UUID, **given: Any) -> Row:
        """Returns a new row of a table; `given` overrides what the factory would choose."""
        if table == "tenants":
            return self.session.one("SELECT * FROM ticketing.tenants WHERE id = %s", tenant)
        if table == "ticket_inventory":
            made = given.get("ticket_type_id") or self.row("ticket_types", tenant)["id"]
            return self.session.one(
                "SELECT * FROM ticketing.ticket_inventory WHERE ticket_type_id = %s", made
            )
        if table == "zone_inventory":
            made = given.get("zone_id") or self.row("zones", tenant)["id"]
            return self.session.one(
                "SELECT * FROM ticketing.zone_inventory WHERE zone_id = %s", made
            )
        if table in PLATFORM:
            return self._insert(table, PLATFORM[table](self, tenant, given))
        return self._insert(table, {"tenant_id": tenant, **FACTORIES[table](self, tenant, given)})

    def id(self, table: str, tenant: UUID, **given: Any) -> UUID:
        """Returns the id of a new row."""
        made: UUID = self.row(table, tenant, **given)["id"]
        return made

    def ticket_type(self, tenant: UUID, quantity: int = 100, **given: Any) -> Row:
        """Returns a new ticket type on sale, with so many tickets to sell."""
        made = self.row("ticket_types", tenant, **given)
        self.session.run(
            "UPDATE ticketing.ticket_inventory SET quantity = %s WHERE ticket_type_id = %s",
            quantity,
            made["id"],
        )
        return made

    def held_ticket(self, tenant: UUID, holder: UUID | None = None) -> UUID:
        """Returns the id of a new ticket that its holder could use or hand on."""
        user = holder or self.id("users", tenant)
        return self.id("tickets", tenant, status="active", user_id=user)

    def advance(self, table: str, row: UUID, *statuses: str) -> None:
        """Takes a row through statuses, one after the other, as an administrator with a reason."""
        with self.session.saying(actor="admin", reason="moved on by the test"):
            for status in statuses:
                change = f"UPDATE ticketing.{table} SET status = %s WHERE id = %s"
                assert self.session.run(change, status, row) == 1

    def _insert(self, table: str, values: Row) -> Row:
        column = STATES.get(table, "status")
        if values.get(column) in (None, *STARTS.get(table, (values.get(column),))):
            return self._write(table, values)
        # A row with a past that the test does not care about.
        guard = "SELECT 1 FROM pg_trigger WHERE tgname = %s"
        if not self.session.all(guard, f"trg_{table}_05_start_{column}"):
            return self._write(table, values)  # before revision 0006 every status is a start
        with self.session.unguarded(table, f"05_start_{column}"):
            return self._write(table, values)

    def _write(self, table: str, values: Row) -> Row:
        values = {
            name: Jsonb(value) if isinstance(value, dict | list) else value
            for name, value in values.items()
        }
        query = sql.SQL("INSERT INTO ticketing.{} ({}) VALUES ({}) RETURNING *").format(
            sql.Identifier(table),
            sql.SQL(", ").join(map(sql.Identifier, values)),
            sql.SQL(", ").join(sql.Placeholder() * len(values)),
        )
        with self.session.connection.cursor(row_factory=dict_row) as cursor:
            row = cursor.execute(query, list(values.values())).fetchone()
        assert row is not None
        return row


def overdue() -> Row:
    """Returns the columns of a row whose deadline has passed, with no sweeper coming by."""
    now = datetime.now(UTC)
    return {"created_at": now - timedelta(minutes=20), "expires_at": now - timedelta(minutes=5)}


def _needed(make: Make, tenant: UUID, given: Row, **parents: str) -> Row:
    """Returns `given` with ids of new parents for the columns that it leaves out."""
    filled = dict(given)
    for column, table in parents.items():
        if column not in filled:
            filled[column] = make.id(table, tenant)
    return filled


def _number(prefix: str) -> str:
    return f"{prefix}-{next(_numbers)}"


def _typed(make: Make, tenant: UUID, given: Row, quantity: int = 100) -> Row:
    """Returns `given` with a ticket type, and the event of that type."""
    if "ticket_type_id" in given:
        query = "SELECT * FROM ticketing.ticket_types WHERE id = %s"
        kind = make.session.one(query, given["ticket_type_id"])
    else:
        event = {"event_id": given["event_id"]} if "event_id" in given else {}
        kind = make.ticket_type(tenant, quantity, **event)
    return {"ticket_type_id": kind["id"], "event_id": kind["event_id"], **given}


def _user(make: Make, tenant: UUID, given: Row) -> Row:
    return {"email": f"{_number('user')}@example.org", **given}


def _venue(make: Make, tenant: UUID, given: Row) -> Row:
    return {"name": _number("Venue"), **given}


def _event(make: Make, tenant: UUID, given: Row) -> Row:
    start = datetime.now(UTC) + timedelta(days=30)
    return {
        "name": _number("Event"),
        "starts_at": start,
        "ends_at": start + timedelta(hours=3),
        **given,
    }


def _order(make: Make, tenant: UUID, given: Row) -> Row:
    return {"order_number": _number("O"), **given}


def _payment(make: Make, tenant: UUID, given: Row) -> Row:
    return {"amount_cents": 1000, **_needed(make, tenant, given, order_id="orders")}


def _ticket_type(make: Make, tenant: UUID, given: Row) -> Row:
    now = datetime.now(UTC)
    return {
        "name": _number("Type"),
        "price_cents": 2500,
        "sale_start": now - timedelta(days=1),
        "sale_end": now + timedelta(days=1),
        **_needed(make, tenant, given, event_id="events"),
    }


def _reservation(make: Make, tenant: UUID, given: Row) -> Row:
    owner = {} if "guest_session" in given else {"user_id": "users"}
    return {"quantity": 1, **_typed(make, tenant, _needed(make, tenant, given, **owner))}


def _ticket(make: Make, tenant: UUID, given: Row) -> Row:
    return {"ticket_number": _number("T"), **_typed(make, tenant, given)}


def _transfer(make: Make, tenant: UUID, given: Row) -> Row:
    filled = dict(given)
    if "ticket_id" in filled:
        query = "SELECT user_id FROM ticketing.tickets WHERE tenant_id = %s AND id = %s"
        found = make.session.all(query, tenant, filled["ticket_id"])
        holder = found[0]["user_id"] if found else None
        filled = {"from_user_id": holder or make.id("users", tenant), **filled}
    else:
        filled = _needed(make, tenant, filled, from_user_id="users")
        filled["ticket_id"] = make.held_ticket(tenant, filled["from_user_id"])
    return {"to_email": f"{_number('to')}@example.org", **filled}


def _validation(make: Make, tenant: UUID, given: Row) -> Row:
    return _needed(make, tenant, given, ticket_id="tickets")


def _refund(make: Make, tenant: UUID, given: Row) -> Row:
    filled = _needed(make, tenant, given, order_id="orders")
    if filled.get("status") == "completed":  # only what was seen at the provider arrives so
        filled = {"source": "external", **filled}
    return {"amount_cents": 100, "reason": "asked for", **filled}


def _waitlist(make: Make, tenant: UUID, given: Row) -> Row:
    return _needed(make, tenant, given, ticket_type_id="ticket_types", user_id="users")


def _price_history(make: Make, tenant: UUID, given: Row) -> Row:
    return {"new_price_cents": 100, **_needed(make, tenant, given, ticket_type_id="ticket_types")}


def _house_hold(make: Make, tenant: UUID, given: Row) -> Row:
    kind = given.get("ticket_type_id") or make.ticket_type(tenant)["id"]
    return {
        "ticket_type_id": kind,
        "quantity": 1,
        "remaining_quantity": given.get("quantity", 1),
        "hold_reason": "press",
        **given,
    }


def _bundle(make: Make, tenant: UUID, given: Row) -> Row:
    return {"name": _number("Bundle"), "price_cents": 100, **given}


def _bundle_item(make: Make, tenant: UUID, given: Row) -> Row:
    parents = {"bundle_id": "ticket_bundles", "ticket_type_id": "ticket_types"}
    return _needed(make, tenant, given, **parents)


def _audit(make: Make, tenant: UUID, given: Row) -> Row:
    return {"action": "looked", **given}


def _notification(make: Make, tenant: UUID, given: Row) -> Row:
    filled = _needed(make, tenant, given, user_id="users")
    return {"type": "purchase", "dedupe_key": _number("key"), **filled}


def _discount(make: Make, tenant: UUID, given: Row) -> Row:
    return {
        "code": _number("CODE"),
        "discount_type": "percentage",
        "discount_value": 10,
        **given,
    }


def _order_discount(make: Make, tenant: UUID, given: Row) -> Row:
    filled = _needed(make, tenant, given, order_id="orders", discount_id="discounts")
    return {
        "discount_code": "CODE",
        "discount_type": "percentage",
        "amount_cents": 100,
        **filled,
    }


def _outbox(make: Make, tenant: UUID, given: Row) -> Row:
    return {
        "aggregate_type": "ticket",
        "aggregate_id": _number("ticket"),
        "event_type": "ticket.sold",
        "payload": {},
        **given,
    }


def _outbox_cursor(make: Make, tenant: UUID, given: Row) -> Row:
    return {"consumer": _number("consumer"), **given}


def _context_key(make: Make, tenant: UUID, given: Row) -> Row:
    pads = ("inner_pad", "outer_pad", "seal_inner_pad", "seal_outer_pad")
    return {"key_id": _number("key"), **dict.fromkeys(pads, bytes(64)), **given}


def _reservation_history(make: Make, tenant: UUID, given: Row) -> Row:
    filled = _needed(make, tenant, given, reservation_id="reservations")
    return {"status_to": "confirmed", "status_from": "pending", "quantity": 1, **filled}


def signature() -> str:
    """Returns a signature of a transaction that no other call returns."""
    return _base58(next(_numbers), 88)


def blockhash() -> str:
    """Returns a blockhash, or an address, that no other call returns."""
    return _base58(next(_numbers), 44)


def _base58(number: int, length: int) -> str:
    alphabet = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
    digits = ""
    while number:
        number, digit = divmod(number, 58)
        digits = alphabet[digit] + digits
    return digits.rjust(length, "z")


# What a transaction must carry to be in a status.
TRANSACTIONS: dict[str, Row] = {
    "pending": {},
    "confirming": {"commitment": "confirmed", "slot": 100},
    "confirmed": {
        "commitment": "finalized",
        "slot": 100,
        "confirmed_at": datetime(2030, 1, 1, tzinfo=UTC),
    },
    "failed": {"error_code": "InsufficientFunds", "failed_at": datetime(2030, 1, 1, tzinfo=UTC)},
    "expired": {"not_found_at_height": 1001, "expired_at": datetime(2030, 1, 1, tzinfo=UTC)},
    "replaced": {},
}


def _transaction(make: Make, tenant: UUID, given: Row) -> Row:
    filled = {
        "tx_signature": signature(),
        "tx_type": "mint",
        "blockhash": blockhash(),
        "last_valid_block_height": 1000,
        **TRANSACTIONS.get(given.get("status", "pending"), {}),
        **given,
    }
    if filled["tx_type"] == "verify":
        return filled
    return _needed(make, tenant, filled, ticket_id="tickets")


def _sync_log(make: Make, tenant: UUID, given: Row) -> Row:
    return {"event_type": "ownership_verified", **given}


def _state_history(make: Make, tenant: UUID, given: Row) -> Row:
    filled = _needed(make, tenant, given, ticket_id="tickets")
    return {"new_status": "sold", "previous_status": "reserved", "source": "import", **filled}


def _scan(make: Make, tenant: UUID, given: Row) -> Row:
    filled = dict(given)
    if "ticket_id" not in filled and "raw_code_hash" not in filled:
        event = {"event_id": filled["event_id"]} if "event_id" in filled else {}
        filled["ticket_id"] = make.id("tickets", tenant, **event)
    if "event_id" not in filled and filled.get("ticket_id") is not None:
        query = "SELECT event_id FROM ticketing.tickets WHERE id = %s"
        filled["event_id"] = make.session.one(query, filled["ticket_id"])["event_id"]
    return {"result": "valid", **_needed(make, tenant, filled, event_id="events")}


def _credential(make: Make, tenant: UUID, given: Row) -> Row:
    filled = {"code_hash": uuid4().hex * 2, "credential_version": 1, **given}
    if filled.get("status") == "revoked":
        filled = {"revoked_reason": "lost", "revoked_at": datetime.now(UTC), **filled}
    return _needed(make, tenant, filled, ticket_id="tickets")


def _zone(make: Make, tenant: UUID, given: Row) -> Row:
    filled = _needed(make, tenant, given, event_id="events")
    return {"name": _number("Zone"), "capacity": 100, **filled}


def _hold(make: Make, tenant: UUID, given: Row) -> Row:
    if "zone_id" in given:
        zone = make.session.one("SELECT * FROM ticketing.zones WHERE id = %s", given["zone_id"])
    else:
        zone = make.row("zones", tenant)
    filled = {
        "zone_id": zone["id"],
        "event_id": zone["event_id"],
        "bucket_no": 0,
        "quantity": 1,
        "idempotency_key": _number("hold"),
        **given,
    }
    if filled.get("order_id") is not None:  # only a confirmed one has an order
        confirmed = {"confirmed_at": datetime.now(UTC), "confirm_idempotency_key": _number("key")}
        filled = {"status": "confirmed", **confirmed, **filled}
    return filled


def _request(make: Make, tenant: UUID, given: Row) -> Row:
    return {"dest_path": "/media/music", **_needed(make, tenant, given, created_by="users")}


def _event_of_request(make: Make, tenant: UUID, given: Row) -> Row:
    filled = {"event_type": "ticket_updated", **given}
    if not filled["event_type"].startswith("service"):
        filled = _needed(make, tenant, filled, ticket_id="request_tickets")
    return filled


# What a pass must say to be in a status.
PASSES: dict[str, Row] = {
    "pending": {},
    "produced": {"produced_at": datetime(2030, 1, 1, tzinfo=UTC)},
    "sent": {
        "produced_at": datetime(2030, 1, 1, tzinfo=UTC),
        "delivered_at": datetime(2030, 1, 2, tzinfo=UTC),
    },
    "failed": {"error_message": "the signer is away"},
}


def _pass(make: Make, tenant: UUID, given: Row) -> Row:
    ticket = given.get("ticket_id") or make.held_ticket(tenant)
    past = PASSES.get(given.get("status", "pending"), {})
    return {"channel": "apple_wallet", "ticket_id": ticket, **past, **given}


def _device(make: Make, tenant: UUID, given: Row) -> Row:
    device = {"device_library_id": _number("device"), "push_token": "token"}
    return {**device, **_needed(make, tenant, given, pass_id="ticket_passes")}


def _nonce(make: Make, tenant: UUID, given: Row) -> Row:
    return {"endpoint": "stripe", "nonce": _number("nonce"), **given}


def _spending_limit(make: Make, tenant: UUID, given: Row) -> Row:
    return _needed(make, tenant, given, user_id="users")


def _spending(make: Make, tenant: UUID, given: Row) -> Row:
    filled = dict(given)
    if given.get("reverses_id"):
        query = """
            SELECT user_id, currency, amount_cents FROM ticketing.spending_transactions
            WHERE id = %s
        """
        spending = make.session.one(query, given["reverses_id"])
        filled = {"transaction_type": "reversal", **spending, **given}
    filled = _needed(make, tenant, filled, user_id="users")
    return {"amount_cents": 100, "transaction_reference": _number("order"), **filled}


def _lockout_event(make: Make, tenant: UUID, given: Row) -> Row:
    return {
        "identifier": _number("device"),
        "identifier_type": "device",
        "event_type": "failed_attempt",
        **given,
    }


def _approval_request(make: Make, tenant: UUID, given: Row) -> Row:
    now = datetime.now(UTC)
    past: dict[str, Row] = {
        "approved": {"decided_at": now},
        "rejected": {"decided_at": now, "decision_reason": "no"},
        "executed": {"decided_at": now, "executed_at": now, "executed_by": uuid4()},
    }
    return {
        "operation_type": "refund.large",
        "operation_data": {"number": _number("operation")},
        **past.get(given.get("status", ""), {}),
        **_needed(make, tenant, given, requested_by="users"),
    }


def _approval(make: Make, tenant: UUID, given: Row) -> Row:
    filled = _needed(make, tenant, given, request_id="multisig_approval_requests")
    query = "SELECT operation_hash FROM ticketing.multisig_approval_requests WHERE id = %s"
    return {
        "approver_id": given.get("approver_id") or make.id("users", tenant, role="admin"),
        "approver_role": "admin",
        "operation_hash": make.session.value(query, filled["request_id"]),
        **filled,
    }


def _rejection(make: Make, tenant: UUID, given: Row) -> Row:
    return {
        "rejecter_id": given.get("rejecter_id") or make.id("users", tenant, role="admin"),
        "rejecter_role": "admin",
        "reason": "no",
        **_needed(make, tenant, given, request_id="multisig_approval_requests"),
    }


def _violation(make: Make, tenant: UUID, given: Row) -> Row:
    return {"actual_tenant_id": tenant, "operation": "SELECT", **given}


def _idempotency_key(make: Make, tenant: UUID, given: Row) -> Row:
    return {
        "idempotency_key": _number("key"),
        "operation": "POST /orders",
        "request_hash": "ab" * 32,
        **given,
    }


# Statuses in which a row may start; in any other the factory puts it there past the trigger.
STARTS = {
    "tickets": ("available", "reserved", "sold", "active"),
    "ticket_transfers": ("pending",),
    "ticket_credentials": ("active", "revoked"),
    "reservations": ("pending",),
    "ticket_holds": ("active",),
    "holds": ("active",),
    "refunds": ("pending", "approved", "completed"),
    "waitlist": ("active",),
    "idempotency_keys": ("processing", "completed"),
    "pending_transactions": ("pending",),
    "multisig_approval_requests": ("pending",),
    "payments": ("created", "pending", "failed", "cancelled", "succeeded", "disputed"),
    "request_tickets": ("pending",),
    "ticket_passes": ("pending",),
}
# What the column of a state machine is called, where it is not status.
STATES = {"request_tickets": "state"}
FACTORIES: dict[str, Callable[[Make, UUID, Row], Row]] = {
    "users": _user,
    "venues": _venue,
    "events": _event,
    "orders": _order,
    "payments": _payment,
    "ticket_types": _ticket_type,
    "reservations": _reservation,
    "tickets": _ticket,
    "ticket_transfers": _transfer,
    "ticket_validations": _validation,
    "refunds": _refund,
    "waitlist": _waitlist,
    "ticket_price_history": _price_history,
    "ticket_holds": _house_hold,
    "ticket_bundles": _bundle,
    "ticket_bundle_items": _bundle_item,
    "ticket_audit_log": _audit,
    "ticket_notifications": _notification,
    "discounts": _discount,
    "order_discounts": _order_discount,
    "outbox": _outbox,
    "reservation_history": _reservation_history,
    "ticket_state_history": _state_history,
    "zones": _zone,
    "holds": _hold,
    "request_tickets": _request,
    "audit_events": _event_of_request,
    "ticket_passes": _pass,
    "pass_device_registrations": _device,
    "webhook_nonces": _nonce,
    "idempotency_keys": _idempotency_key,
    "ticket_scans": _scan,
    "ticket_credentials": _credential,
    "pending_transactions": _transaction,
    "blockchain_sync_log": _sync_log,
    "spending_limits": _spending_limit,
    "spending_transactions": _spending,
    "account_lockout_events": _lockout_event,
    "multisig_approval_requests": _approval_request,
    "multisig_approvals": _approval,
    "multisig_rejections": _rejection,
}
TABLES = ("tenants", "ticket_inventory", "zone_inventory", *FACTORIES)
# Tables of the platform, whose rows belong to no tenant; each has policy tests of its own.
PLATFORM: dict[str, Callable[[Make, UUID, Row], Row]] = {
    "tenant_access_violations": _violation,
    "outbox_cursors": _outbox_cursor,
    "context_keys": _context_key,
}
