"""Value checks of tickets, added while the table is in use.

What: the ten checks of status, amounts, counters, limits, seat and dates of tickets.
Why: a negative price or a status that no rule knows is refused where it is written, whoever
    writes it.
Locks: ACCESS EXCLUSIVE on tickets for a moment, then SHARE UPDATE EXCLUSIVE in a transaction of its
    own while the rows are read once for all ten, which stops nobody. On a row that breaks one
    nothing of the revision is kept, and the error shows how to find the rows.
Reverse: drops the checks, with ACCESS EXCLUSIVE on tickets for a moment.
"""

from ticket_schema import steps

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None
phase = "contract"

STEPS = (
    "constraints/chk_tickets_status",
    "constraints/chk_tickets_price_positive",
    "constraints/chk_tickets_face_value_positive",
    "constraints/chk_tickets_resale_price_positive",
    "constraints/chk_tickets_max_resale_price",
    "constraints/chk_tickets_scan_count_positive",
    "constraints/chk_tickets_transfer_count_positive",
    "constraints/chk_tickets_max_transfers_positive",
    "constraints/chk_tickets_seat_number_positive",
    "constraints/chk_tickets_valid_dates",
)


def upgrade() -> None:
    steps.apply(revision, STEPS)


def downgrade() -> None:
    steps.revert(revision, STEPS)
