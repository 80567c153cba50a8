# row: A16
# verdict: dangerous
# finds: table-locked
"""LOCK TABLE without a mode, which is the strongest."""

from alembic import op

revision = "a16_dangerous_lock"
down_revision = "tables"
branch_labels = None
depends_on = None


def upgrade():
    op.execute("LOCK TABLE orders")


def downgrade():
    pass
