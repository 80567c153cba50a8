"""Wallet passes: a ticket on the phone of its holder, and tickets that were sold elsewhere.

What: ticket_passes, one living pass for each ticket and wallet, its state machine, the claims of
    the workers that build and deliver; triggers of tickets and events that let a pass be built
    anew; pass_device_registrations and the calls behind Apple's web service; the import of
    tickets from an outside system.
Why: a batch that is run again, or dies half-way, must build what is missing and send nobody the
    same pass twice; a pass must follow its ticket to a new code, a new date or its end, also while
    a worker has it; and who hands a ticket on must not go on receiving it.
Locks: ACCESS EXCLUSIVE on tickets for the new column, which is empty and rewrites nothing, and
    SHARE ROW EXCLUSIVE on tickets, events and tenants for triggers and foreign keys; all well
    under a second.
Reverse: drops the functions, both tables, the triggers and the column; refused while a table holds
    rows, unless the loss is allowed. The versions that imports stored go with the column.
"""

from ticket_schema import steps

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

STEPS = (
    "tables/tickets",
    "tables/ticket_passes",
    "tables/pass_device_registrations",
    "policies/ticket_passes",
    "policies/pass_device_registrations",
    "transitions/ticket_pass",
    "functions/guard_ticket_pass",
    "functions/refresh_ticket_passes",
    "functions/refresh_event_passes",
    "triggers/ticket_passes",
    "triggers/pass_device_registrations",
    "triggers/tickets",
    "triggers/events",
    "functions/create_ticket_passes",
    "functions/import_external_ticket",
    "functions/claim_ticket_passes",
    "functions/lock_claimed_ticket_pass",
    "functions/mark_ticket_pass_produced",
    "functions/mark_ticket_pass_sent",
    "functions/fail_ticket_pass",
    "functions/extend_ticket_pass_claim",
    "functions/release_ticket_pass_claim",
    "functions/retry_ticket_pass",
    "functions/authenticate_ticket_pass",
    "functions/register_pass_device",
    "functions/unregister_pass_device",
    "functions/list_changed_passes",
)


def upgrade() -> None:
    steps.apply(revision, STEPS)


def downgrade() -> None:
    steps.revert(revision, STEPS)
