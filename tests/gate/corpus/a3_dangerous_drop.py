# row: A3
# verdict: dangerous
# finds: concurrently-in-transaction, index-not-concurrent
"""A concurrent drop in Alembic's own transaction."""

from alembic import op

revision = "a3_dangerous_drop"
down_revision = "tables"
branch_labels = None
depends_on = None


def upgrade():
    op.execute("DROP INDEX CONCURRENTLY IF EXISTS idx_orders_account_id")


def downgrade():
    op.create_index("idx_orders_account_id", "orders", ["account_id"])
