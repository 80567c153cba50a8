"""Request tickets: a queue of work that people ask for, and the record of what became of it.

What: request_tickets with its state machine, the functions that create, read, list, cancel,
    complete, fail and claim them, and audit_events, which a trigger fills with each change.
Why: a request is not an admission ticket: it is wanted, worked on and closed. Workers that take
    from one queue must not take the same request twice, nor keep one for ever when they die, and
    whoever asks later must see what happened, whichever way it was done.
Locks: SHARE ROW EXCLUSIVE on tenants and users for the new foreign keys, well under a second.
    Everything else is new, and nothing is scanned.
Reverse: drops the functions, both tables and the rules; refused while a table holds rows, unless
    the loss is allowed.
"""

from ticket_schema import steps

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

STEPS = (
    "tables/request_tickets",
    "tables/audit_events",
    "policies/request_tickets",
    "policies/audit_events",
    "transitions/request_ticket",
    "functions/guard_request_ticket",
    "functions/log_request_ticket_change",
    "triggers/request_tickets",
    "triggers/audit_events",
    "functions/record_audit_event",
    "functions/lock_request_ticket",
    "functions/lock_claimed_request_ticket",
    "functions/create_request_ticket",
    "functions/get_request_ticket",
    "functions/list_request_tickets",
    "functions/cancel_request_ticket",
    "functions/complete_request_ticket",
    "functions/fail_request_ticket",
    "functions/claim_request_tickets",
    "functions/extend_request_ticket_claim",
    "functions/release_request_ticket_claim",
)


def upgrade() -> None:
    steps.apply(revision, STEPS)


def downgrade() -> None:
    steps.revert(revision, STEPS)
