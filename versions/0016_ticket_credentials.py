"""Ticket credentials: codes that rotate and are never forgotten, and transfers as one flow.

What: ticket_credentials, the hash of every code that a ticket ever had, kept by triggers of
    tickets; functions that resolve a code, scan it, and give a ticket a new one; functions that
    start, accept, complete, cancel and decline a transfer; the resale ceiling in the guard of
    transfers.
Why: a code that was handed on, refunded or reported lost still hangs in somebody's phone. The door
    must know it and say revoked, and a ticket must have one holder whoever presses accept first.
Codes of before: from this revision on each new or changed code is registered, and one that is
    replaced or dies is remembered even if it was never registered. Codes that nobody touches are
    not copied here: reading every ticket in this transaction would keep all writers of tickets
    out for as long as that takes. Call backfill_ticket_credentials() afterwards, batch by batch for
    each tenant, while everything runs; let doors use scan_code once it is through.
Locks: SHARE ROW EXCLUSIVE on tickets for its triggers, and on tenants and tickets for the new
    foreign keys; ACCESS EXCLUSIVE on ticket_transfers and pending_transactions while their
    policies are replaced; SHARE UPDATE EXCLUSIVE on tickets, users and events for comments; for as
    long as the revision runs, well under a second. Nothing is scanned or rewritten.
Reverse: drops the triggers, the functions and the table; refused while it holds rows, unless the
    loss is allowed, because without them a dead code reads as unknown. Tickets keep their
    credential_version, so old codes stay dead for doors that compare it.
"""

from ticket_schema import steps

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

STEPS = (
    "transitions/ticket_credential",
    "tables/ticket_credentials",
    "policies/ticket_credentials",
    "policies/ticket_transfers",
    "policies/pending_transactions",
    "triggers/ticket_credentials",
    "functions/rotate_ticket_code",
    "functions/retire_ticket_code",
    "functions/register_ticket_codes",
    "triggers/tickets",
    "functions/backfill_ticket_credentials",
    "functions/reissue_ticket",
    "functions/resolve_credential",
    "functions/require_resale_price",
    "functions/guard_ticket_transfer",
    "functions/require_transfer_recipient",
    "functions/expire_overdue_transfer",
    "functions/start_transfer",
    "functions/complete_transfer",
    "functions/accept_transfer",
    "functions/reject_transfer",
    "functions/cancel_transfer",
    "functions/scan_code",
    "tables/tickets",
    "tables/users",
    "tables/events",
)


def upgrade() -> None:
    steps.apply(revision, STEPS)


def downgrade() -> None:
    steps.revert(revision, STEPS)
