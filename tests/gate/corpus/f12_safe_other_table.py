# row: F12
# verdict: safe
# finds: nothing
# after: f12_context_forced
"""Rows of a table that hides nothing."""

from alembic import op

revision = "f12_safe_other_table"
down_revision = "f12_context_forced"
branch_labels = None
depends_on = None


def upgrade():
    op.execute("UPDATE accounts SET note = 'old' WHERE id = 1")


def downgrade():
    pass
