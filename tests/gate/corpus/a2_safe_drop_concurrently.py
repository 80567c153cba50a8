# row: A2
# verdict: safe
# finds: nothing
"""An index dropped while orders are read."""

from alembic import op

revision = "a2_safe_drop_concurrently"
down_revision = "tables"
branch_labels = None
depends_on = None


def upgrade():
    with op.get_context().autocommit_block():
        op.execute("DROP INDEX CONCURRENTLY IF EXISTS idx_orders_account_id")


def downgrade():
    with op.get_context().autocommit_block():
        op.execute(
            "CREATE INDEX CONCURRENTLY IF NOT EXISTS idx_orders_account_id ON orders (account_id)"
        )
