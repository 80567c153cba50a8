# row: A1
# verdict: safe
# finds: nothing
"""The same index, built while orders are written."""

from alembic import op

revision = "a1_safe_concurrently"
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
