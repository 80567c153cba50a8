"""Foreign keys that the baseline left out, added while the tables are in use.

What: to be filled.
Why: to be filled.
Locks: to be filled.
Reverse: to be filled.
"""

from ticket_schema import steps

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

STEPS: tuple[str, ...] = ()


def upgrade() -> None:
    steps.apply(revision, STEPS)


def downgrade() -> None:
    steps.revert(revision, STEPS)
