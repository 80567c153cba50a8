"""What each role may do with each relation, and with which rows: said by hand, with a reason.

The matrix compares this with what the server does. Nothing here is read from a policy or a grant,
so that a wrong one cannot declare itself right. An entry that is missing or stale is a deviation.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

# Commands: S select, I insert, i insert of some columns, U update of some columns, D delete; of
# ticketing_app, ticketing_worker and ticketing_readonly, in this order. Nobody else has any.
GRANTED = {
    "account_lockout_events": "- S -",
    "alembic_version": "S S S",
    "audit_events": "S S S",
    "blockchain_sync_log": "SI SI S",
    "context_keys": "- - -",
    "discounts": "SIU SIU S",
    "events": "S SIU S",
    "holds": "SIU SIU S",
    "idempotency_keys": "SIUD SIUD S",
    "maintenance_backlog": "- S -",
    "multisig_approval_requests": "SIU SIU S",
    "multisig_approvals": "SI SI S",
    "multisig_rejections": "SI SI S",
    "order_discounts": "SIU SIU S",
    "orders": "S SiU S",
    "outbox": "Si SiUD -",
    "outbox_cursors": "- SIUD -",
    "outbox_debezium": "S S -",
    "pass_device_registrations": "SiUD SiUD S",
    "payments": "S SiU S",
    "pending_transactions": "SIU SIU S",
    "refunds": "SIU SIU S",
    "request_tickets": "SiU SiU S",
    "reservation_history": "SI SI S",
    "reservations": "SIU SIU S",
    "spending_limits": "SIU SIU S",
    "spending_transactions": "SI SI S",
    "state_transitions": "S S S",
    "tenant_access_violations": "- S -",
    "tenants": "S SIU S",
    "ticket_audit_log": "SI SI S",
    "ticket_bundle_items": "SIUD SIUD S",
    "ticket_bundles": "SIUD SIUD S",
    "ticket_credentials": "S S S",
    "ticket_holds": "SIU SIU S",
    "ticket_inventory": "SU SU S",
    "ticket_inventory_drift": "S S S",
    "ticket_notifications": "SIU SIU S",
    "ticket_passes": "SiU SiU S",
    "ticket_price_history": "SI SI S",
    "ticket_scans": "S S S",
    "ticket_state_history": "S S S",
    "ticket_transfers": "SIU SIU S",
    "ticket_type_availability": "S S S",
    "ticket_types": "SIU SIU S",
    "ticket_validations": "SI SI S",
    "tickets": "SIU SIU S",
    "users": "S SiU S",
    "venues": "S SIU S",
    "waitlist": "SIU SIU S",
    "webhook_nonces": "- SID -",
    "zone_availability": "S S S",
    "zone_inventory": "S S S",
    "zone_inventory_drift": "S S S",
    "zones": "SIU SIU S",
}

# Relations whose rows belong to no tenant: who may read them reads all.
PLATFORM = {
    "alembic_version": "one row, the revision",
    "state_transitions": "rules, the same for every tenant",
    "tenant_access_violations": "a row concerns two tenants, perhaps one that does not exist",
    "webhook_nonces": "a webhook proves itself fresh before its tenant is known",
    "account_lockout_events": "a person is locked out before the tenant is known",
    "outbox_cursors": "a consumer reads the events of every tenant in one order",
    "context_keys": "the application signs the contexts of every tenant with one key",
    "maintenance_backlog": "sums of what waits, of every tenant, for who does that work",
}

# Platform tables without a factory: nobody but a migration writes them.
MIGRATED = {
    "alembic_version": "Alembic's own",
    "state_transitions": "rules that migrations write",
}

# The column that names the tenant, where it is not tenant_id.
TENANT_COLUMN = {
    "tenants": "id",
    "outbox_debezium": "tenantid",  # as the event router of Debezium calls it
}


@dataclass(frozen=True)
class Reach:
    """Rows of other tenants that a role reaches, as conditions on a row `t`.

    Args:
        reason: why.
        select, update, delete: which rows; None where there are none.
        insert: whether it adds rows for any tenant.
        keeps: whether a row that it may update may stay as it is; False where it may only end it.
    """

    reason: str
    select: str | None = None
    insert: bool = False
    update: str | None = None
    delete: str | None = None
    keeps: bool = True

    def rows(self, command: str) -> str | None:
        """Returns the condition of a command, a letter of GRANTED."""
        return {"S": self.select, "U": self.update, "D": self.delete}.get(command)


_REPLICA = Reach(
    "the consumer that copies other services' rows serves every tenant",
    select="TRUE",
    insert=True,
    update="TRUE",
)


def _swept(ended: str, open_: str, due: str = "t.expires_at <= clock_timestamp()") -> Reach:
    return Reach(
        "the sweeper ends what is overdue, of every tenant, and sees no more",
        select=f"t.status IN ({ended}) AND {due}",
        update=f"t.status IN ({open_}) AND {due}",
        keeps=False,
    )


WORKER = {
    "tenants": _REPLICA,
    "users": _REPLICA,
    "venues": _REPLICA,
    "events": _REPLICA,
    "orders": _REPLICA,
    "payments": _REPLICA,
    "reservations": Reach(
        "the sweeper looks for overdue reservations of every tenant and expires them",
        select="TRUE",
        update="t.status = 'pending' AND t.expires_at <= clock_timestamp()",
        keeps=False,
    ),
    "reservation_history": Reach("what the sweeper does is logged by trigger", insert=True),
    "holds": _swept("'active', 'released', 'expired'", "'active'"),
    "ticket_holds": _swept("'active', 'expired'", "'active'"),
    "ticket_transfers": _swept("'pending', 'expired'", "'pending'"),
    "waitlist": _swept(
        "'notified', 'expired', 'converted'",
        "'notified'",
        "t.offer_expires_at <= clock_timestamp()",
    ),
    "multisig_approval_requests": _swept(
        "'pending', 'approved', 'expired'", "'pending', 'approved'"
    ),
    "pending_transactions": _swept(
        "'pending', 'confirming', 'expired'",
        "'pending', 'confirming'",
        "t.not_found_at_height > t.last_valid_block_height",
    ),
    "outbox": Reach(
        "the relay drains the events of every tenant", select="TRUE", update="TRUE", delete="TRUE"
    ),
    "outbox_debezium": Reach("the outbox under other names", select="TRUE"),
    "ticket_notifications": Reach(
        "the sender delivers messages of every tenant", select="TRUE", update="TRUE"
    ),
    "idempotency_keys": Reach(
        "the clean-up deletes expired keys of every tenant, and locks them before",
        select="t.expires_at <= clock_timestamp()",
        update="t.expires_at <= clock_timestamp()",
        delete="t.expires_at <= clock_timestamp()",
        keeps=False,
    ),
}

_AGED = "the function of retention deletes what has reached its least age"
_OWN = "functions that run as the owner name the tenant themselves"


def _owned(commands: str, reason: str = _OWN) -> Reach:
    return Reach(
        reason,
        select="TRUE" if "S" in commands else None,
        insert="I" in commands,
        update="TRUE" if "U" in commands else None,
    )


# What a session that is ticketing_owner itself reaches; a login that is a member of it has nothing.
OWNER = {
    **dict.fromkeys(("audit_events", "outbox"), _owned("I")),
    **dict.fromkeys(("events", "pending_transactions", "tenants", "venues", "zones"), _owned("S")),
    **dict.fromkeys(("ticket_scans", "ticket_state_history"), _owned("SI")),
    **dict.fromkeys(("ticket_transfers", "tickets", "users", "waitlist"), _owned("SU")),
    **dict.fromkeys(
        (
            "orders",
            "payments",
            "ticket_credentials",
            "ticket_inventory",
            "ticket_passes",
            "zone_inventory",
        ),
        _owned("SIU"),
    ),
    "context_keys": _owned("SIU", "reached only by the functions of keys and of the context"),
    "holds": Reach(
        _AGED,
        select="TRUE",
        update="TRUE",
        delete="t.status IN ('released', 'expired')"
        " AND t.released_at <= clock_timestamp() - interval '30 days'",
    ),
    "reservations": Reach(
        _AGED,
        select="TRUE",
        delete="t.status IN ('expired', 'cancelled') AND t.order_id IS NULL"
        " AND t.released_at <= clock_timestamp() - interval '30 days'",
    ),
    "reservation_history": Reach(
        _AGED, select="TRUE", delete="t.created_at <= clock_timestamp() - interval '30 days'"
    ),
    "ticket_notifications": Reach(
        _AGED,
        select="TRUE",
        delete="t.status IN ('sent', 'failed')"
        " AND t.updated_at <= clock_timestamp() - interval '30 days'",
    ),
    "tenant_access_violations": Reach(
        _AGED,
        select="TRUE",
        insert=True,
        delete="t.occurred_at <= clock_timestamp() - interval '90 days'",
    ),
    "account_lockout_events": Reach(
        _AGED,
        select="TRUE",
        insert=True,
        delete="t.created_at <= clock_timestamp() - interval '90 days'",
    ),
}

# Of its tenant's rows, what a customer reaches, where that is not all; {user} is who asks.
CUSTOMER = {
    "tickets": Reach(
        "a customer sees the tickets they hold, and those of the venues they created",
        select="t.user_id = {user} OR t.venue_id IN (SELECT v.id FROM ticketing.venues AS v"
        " WHERE v.tenant_id = t.tenant_id AND v.created_by = {user})",
        update="t.user_id = {user}",
    ),
    "ticket_credentials": Reach("codes admit who shows them"),
    "ticket_scans": Reach("who entered when is not for other visitors"),
}

# Of its tenant's rows, what anybody may delete, where that is not all.
DELETABLE = {
    "idempotency_keys": Reach(
        "a key stands until it expires", delete="t.expires_at <= clock_timestamp()"
    ),
}

# What a trigger may refuse to a session that names a user, whoever's the row is, and with what.
PERSONAL = {
    "multisig_approval_requests": (("TK738",), "one asks for oneself"),
    "multisig_approvals": (("TK738",), "one votes for oneself"),
    "multisig_rejections": (("TK738",), "one votes for oneself"),
    "request_tickets": (("TK145",), "a request is worked on by who made it"),
    "spending_limits": (("TK725",), "customers set no limits"),
    "ticket_passes": (("TK741", "TK745"), "a customer orders passes for own tickets, no more"),
    "ticket_transfers": (("TK206",), "who sends a ticket holds it"),
}

EVERY: dict[str, Collection[str]] = {
    "GRANTED": GRANTED,
    "PLATFORM": PLATFORM,
    "MIGRATED": MIGRATED,
    "TENANT_COLUMN": TENANT_COLUMN,
    "WORKER": WORKER,
    "OWNER": OWNER,
    "CUSTOMER": CUSTOMER,
    "DELETABLE": DELETABLE,
    "PERSONAL": PERSONAL,
}
