"""State machine: what may become what, who may do it, and what follows.

What: state_transitions with the rules of every entity that exists so far; triggers that test each
    change of a status against them; the guard of transfers, and the one that closes a transfer
    when its ticket ends; functions that answer who acts, who may check in, and who held a ticket.
Why: a status that anything may set to anything lets a refunded ticket through the door. Rules in
    rows can be read, tested against the CHECK lists, and extended by a later revision.
Locks: SHARE ROW EXCLUSIVE on each table that gets a trigger, one after the other, for as long as
    the revision runs, well under a second; writers wait, readers do not. Nothing is scanned.
Reverse: drops the triggers, functions and rules; no row of a ticket changes.
"""

from ticket_schema import steps

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

STEPS = (
    "tables/state_transitions",
    "transitions/ticket",
    "transitions/ticket_transfer",
    "transitions/reservation",
    "transitions/ticket_hold",
    "transitions/refund",
    "transitions/waitlist",
    "transitions/pending_transaction",
    "transitions/idempotency_key",
    "functions/current_actor_type",
    "functions/act_as",
    "functions/status_change_source",
    "functions/check_state_transition",
    "functions/guard_status_change",
    "functions/require_no_open_transaction",
    "functions/ticket_status_change_trigger",
    "functions/guard_ticket_transfer",
    "functions/close_ticket_claims",
    "triggers/reservations",
    "triggers/ticket_holds",
    "triggers/tickets",
    "triggers/ticket_transfers",
    "triggers/refunds",
    "triggers/waitlist",
    "triggers/idempotency_keys",
    "triggers/pending_transactions",
    "functions/can_check_in_ticket",
    "functions/get_ticket_transfer_history",
)


def upgrade() -> None:
    steps.apply(revision, STEPS)


def downgrade() -> None:
    steps.revert(revision, STEPS)
