"""Unique codes of tickets, built while the table is in use.

What: unique indexes over qr_code, barcode and token_mint of tickets, inside the tenant, where there
    is a code at all.
Why: two tickets with one code let two people in. The indexes stay indexes: they leave out the
    tickets without a code, and a partial index cannot become a constraint.
Locks: SHARE UPDATE EXCLUSIVE on tickets, three times, for as long as a build takes; nobody is
    stopped, but each build waits for the transactions that are older than it. On duplicates nothing
    of the revision is kept, and the error shows how to find the rows.
Reverse: drops the indexes CONCURRENTLY.
"""

from ticket_schema import steps

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None
phase = "contract"

STEPS = (
    "indexes/uq_tickets_qr_code",
    "indexes/uq_tickets_barcode",
    "indexes/uq_tickets_token_mint",
)


def upgrade() -> None:
    steps.apply(revision, STEPS)


def downgrade() -> None:
    steps.revert(revision, STEPS)
