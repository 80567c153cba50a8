"""The reservations of one cart, found by an index.

What: idx_reservations_group_id.
Why: a cart is confirmed and cancelled as a whole, and must not be looked for among all
    reservations.
Locks: SHARE UPDATE EXCLUSIVE on reservations while the index is built CONCURRENTLY, which stops no
    reader and no writer; it waits for transactions that began before.
Reverse: drops the index CONCURRENTLY.
"""

from ticket_schema import steps

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

STEPS = ("indexes/idx_reservations_group_id",)


def upgrade() -> None:
    steps.apply(revision, STEPS)


def downgrade() -> None:
    steps.revert(revision, STEPS)
