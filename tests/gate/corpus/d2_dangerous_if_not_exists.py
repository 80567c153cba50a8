# row: D2
# verdict: dangerous
# finds: not-rerunnable
"""IF NOT EXISTS, which takes an invalid index for a good one."""

from alembic import op

revision = "d2_dangerous_if_not_exists"
down_revision = "tables"
branch_labels = None
depends_on = None


def upgrade():
    with op.get_context().autocommit_block():
        op.execute("CREATE INDEX CONCURRENTLY IF NOT EXISTS idx_orders_placed ON orders (placed)")


def downgrade():
    with op.get_context().autocommit_block():
        op.execute("DROP INDEX CONCURRENTLY IF EXISTS idx_orders_placed")
