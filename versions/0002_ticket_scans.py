"""Ticket scans: every attempt at a door.

What: ticket_scans, append-only; record_scan_attempt, which decides and records in one call, and
    check_duplicate_scan, which only looks.
Why: two doors that first ask and then record both let the same ticket in. The decision is made
    under the ticket's row lock, and a unique index of first entries stands behind it; an attempt
    is a row whatever the answer, so repeats and forgeries can be found afterwards.
Locks: the new foreign keys take SHARE ROW EXCLUSIVE on tenants, tickets and events for as long as
    the revision runs, well under a second; nothing is scanned or rewritten.
Reverse: drops the table and its functions; refused while it holds scans, unless the loss is
    allowed. Tickets keep their check-in.
"""

from ticket_schema import steps

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

STEPS = (
    "tables/ticket_scans",
    "policies/ticket_scans",
    "triggers/ticket_scans",
    "functions/check_duplicate_scan",
    "functions/record_scan_attempt",
)


def upgrade() -> None:
    steps.apply(revision, STEPS)


def downgrade() -> None:
    steps.revert(revision, STEPS)
