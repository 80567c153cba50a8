# row: D2
# verdict: dangerous
# finds: not-rerunnable
"""A concurrent build that cannot be run again."""

from alembic import op

revision = "d2_dangerous_plain"
down_revision = "tables"
branch_labels = None
depends_on = None


def upgrade():
    with op.get_context().autocommit_block():
        op.execute("CREATE INDEX CONCURRENTLY idx_orders_placed ON orders (placed)")


def downgrade():
    with op.get_context().autocommit_block():
        op.execute("DROP INDEX CONCURRENTLY IF EXISTS idx_orders_placed")
