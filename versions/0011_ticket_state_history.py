"""Ticket state history: who made a ticket what it is, when and why.

What: ticket_state_history, the trigger that fills it and the outbox with each change of a status,
    the functions that read it and that log a change by hand for an import; an undone check-in now
    goes back to the status that the history says.
Why: who let this person in, who refunded this ticket, and what was it before? The row itself says
    only what it is now.
Locks: SHARE ROW EXCLUSIVE on tickets for its two triggers, and on tenants and tickets for the new
    foreign keys, for as long as the revision runs, well under a second. Nothing is scanned.
Reverse: drops the triggers, the functions and the table; refused while it holds rows, unless the
    loss is allowed.
"""

from ticket_schema import steps

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

STEPS = (
    "tables/ticket_state_history",
    "policies/ticket_state_history",
    "triggers/ticket_state_history",
    "functions/log_ticket_status_change",
    "functions/log_ticket_status_change_manual",
    "functions/get_ticket_state_history",
    "functions/clear_check_in",
    "triggers/tickets",
)


def upgrade() -> None:
    steps.apply(revision, STEPS)


def downgrade() -> None:
    steps.revert(revision, STEPS)
