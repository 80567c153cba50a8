# row: F12
# verdict: dangerous
# finds: nothing
# seen: row-writes-hidden
# after: f12_context_forced
"""A row write that finds no row, and says nothing."""

from alembic import op

revision = "f12_dangerous_update"
down_revision = "f12_context_forced"
branch_labels = None
depends_on = None


def upgrade():
    op.execute("UPDATE orders SET status = 'old' WHERE placed IS NULL")


def downgrade():
    pass
