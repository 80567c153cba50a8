"""Checks of what reservations got at 0019, added while the table is in use.

What: the checks of price and returned places of reservations.
Why: a negative price, or more places back than were sold, is refused whoever writes it.
Locks: ACCESS EXCLUSIVE on reservations for a moment, then SHARE UPDATE EXCLUSIVE in a transaction
    of its own while the rows are read once for both, which stops nobody. On a row that breaks one
    nothing of the revision is kept, and the error shows how to find the rows.
Reverse: drops the checks, with ACCESS EXCLUSIVE on reservations for a moment.
"""

from ticket_schema import steps

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None
phase = "contract"

STEPS = (
    "constraints/chk_reservations_price",
    "constraints/chk_reservations_returned",
)


def upgrade() -> None:
    steps.apply(revision, STEPS)


def downgrade() -> None:
    steps.revert(revision, STEPS)
