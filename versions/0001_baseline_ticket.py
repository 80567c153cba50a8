"""Baseline of the ticket service: what is sold, claimed, held, handed on and paid back.

What: the 18 baseline tables and ticket_inventory, each born with its key, tenant foreign key,
    forced row level security, policies, triggers, grants and comments; the functions that move
    the counters of a ticket type and of a user; two views over the counters.
Why: the core that every later revision builds on. Columns that later revisions constrain are born
    here; their constraints arrive where the chain announces them, in the online form: foreign keys
    in 0008, unique codes of tickets in 0009, value checks of tickets in 0010.
Locks: the new foreign keys take SHARE ROW EXCLUSIVE on the five tables of 0000 for as long as the
    revision runs, well under a second; nothing is scanned or rewritten.
Reverse: drops everything made here; refused while a table holds rows, unless the loss is allowed.
"""

from ticket_schema import steps

revision = "0001"
down_revision = "0000"
branch_labels = None
depends_on = None

STEPS = (
    "functions/raise_row_version",
    "functions/refuse_history_change",
    "functions/status_change_reason",
    "tables/ticket_types",
    "policies/ticket_types",
    "tables/ticket_inventory",
    "policies/ticket_inventory",
    "tables/ticket_price_history",
    "policies/ticket_price_history",
    "triggers/ticket_price_history",
    "functions/create_ticket_inventory",
    "functions/log_ticket_price_change",
    "triggers/ticket_types",
    "functions/move_ticket_inventory",
    "functions/set_ticket_quantity",
    "tables/reservations",
    "policies/reservations",
    "tables/reservation_history",
    "policies/reservation_history",
    "triggers/reservation_history",
    "functions/guard_reservation",
    "functions/log_reservation_change",
    "functions/update_ticket_availability_on_reservation",
    "functions/release_ticket_availability",
    "triggers/reservations",
    "tables/ticket_holds",
    "policies/ticket_holds",
    "functions/guard_ticket_hold",
    "functions/move_house_hold_inventory",
    "triggers/ticket_holds",
    "views/ticket_type_availability",
    "views/ticket_inventory_drift",
    "functions/tenant_lexemes",
    "functions/runs_as_owner",
    "tables/tickets",
    "policies/tickets",
    "functions/tenant_query",
    "functions/find_ticket_ids",
    "functions/search_tickets",
    "functions/guard_ticket_holder_update",
    "functions/clear_check_in",
    "functions/update_user_ticket_stats",
    "functions/update_user_events_attended",
    "triggers/tickets",
    "tables/ticket_transfers",
    "policies/ticket_transfers",
    "triggers/ticket_transfers",
    "tables/ticket_validations",
    "policies/ticket_validations",
    "triggers/ticket_validations",
    "tables/refunds",
    "policies/refunds",
    "functions/apply_refund_to_order",
    "triggers/refunds",
    "tables/waitlist",
    "policies/waitlist",
    "triggers/waitlist",
    "tables/ticket_bundles",
    "policies/ticket_bundles",
    "triggers/ticket_bundles",
    "tables/ticket_bundle_items",
    "policies/ticket_bundle_items",
    "triggers/ticket_bundle_items",
    "tables/ticket_audit_log",
    "policies/ticket_audit_log",
    "triggers/ticket_audit_log",
    "tables/ticket_notifications",
    "policies/ticket_notifications",
    "triggers/ticket_notifications",
    "tables/discounts",
    "policies/discounts",
    "triggers/discounts",
    "tables/order_discounts",
    "policies/order_discounts",
    "tables/outbox",
    "policies/outbox",
    "tables/webhook_nonces",
    "policies/webhook_nonces",
)


def upgrade() -> None:
    steps.apply(revision, STEPS)


def downgrade() -> None:
    steps.revert(revision, STEPS)
