"""Tenant context: set, clear and verify it, and keep what tried to cross.

What: to be filled.
Why: to be filled.
Locks: to be filled.
Reverse: to be filled.
"""

from ticket_schema import steps

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

STEPS: tuple[str, ...] = ()


def upgrade() -> None:
    steps.apply(revision, STEPS)


def downgrade() -> None:
    steps.revert(revision, STEPS)
