# row: D2
# verdict: dangerous
# finds: not-rerunnable
# seen: breaks-when-killed
"""A column that the autocommit block commits, and the next run adds again."""

from alembic import op

revision = "d2_dangerous_column_before"
down_revision = "tables"
branch_labels = None
depends_on = None


def upgrade():
    op.execute("ALTER TABLE orders ADD COLUMN channel text")
    with op.get_context().autocommit_block():
        op.execute("DROP INDEX CONCURRENTLY IF EXISTS idx_orders_channel")
        op.execute("CREATE INDEX CONCURRENTLY idx_orders_channel ON orders (channel)")


def downgrade():
    op.execute("ALTER TABLE orders DROP COLUMN channel")
