# row: D2
# verdict: safe
# finds: nothing
"""Dropped if it is there, then built."""

from alembic import op

revision = "d2_safe_drop_first"
down_revision = "tables"
branch_labels = None
depends_on = None


def upgrade():
    with op.get_context().autocommit_block():
        op.execute("DROP INDEX CONCURRENTLY IF EXISTS idx_orders_placed")
        op.execute("CREATE INDEX CONCURRENTLY idx_orders_placed ON orders (placed)")


def downgrade():
    with op.get_context().autocommit_block():
        op.execute("DROP INDEX CONCURRENTLY IF EXISTS idx_orders_placed")
