# row: D2
# verdict: safe
# finds: nothing
"""A column before the block that the next run leaves alone."""

from alembic import op

revision = "d2_safe_column_if_not_exists"
down_revision = "tables"
branch_labels = None
depends_on = None


def upgrade():
    op.execute("ALTER TABLE orders ADD COLUMN IF NOT EXISTS channel text")
    with op.get_context().autocommit_block():
        op.execute("DROP INDEX CONCURRENTLY IF EXISTS idx_orders_channel")
        op.execute("CREATE INDEX CONCURRENTLY idx_orders_channel ON orders (channel)")


def downgrade():
    op.execute("ALTER TABLE orders DROP COLUMN channel")
