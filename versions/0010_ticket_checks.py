"""Value checks of tickets, added while the table is in use.

What: to be filled.
Why: to be filled.
Locks: to be filled.
Reverse: to be filled.
"""

from ticket_schema import steps

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

STEPS: tuple[str, ...] = ()


def upgrade() -> None:
    steps.apply(revision, STEPS)


def downgrade() -> None:
    steps.revert(revision, STEPS)
