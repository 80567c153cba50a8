# row: A1
# verdict: dangerous
# finds: index-not-concurrent
"""An index that goes beside the writers, and comes back in their way."""

from alembic import op

revision = "a1_dangerous_on_the_way_down"
down_revision = "tables"
branch_labels = None
depends_on = None


def upgrade():
    with op.get_context().autocommit_block():
        op.execute("DROP INDEX CONCURRENTLY IF EXISTS idx_orders_account_id")


def downgrade():
    op.execute("CREATE INDEX idx_orders_account_id ON orders (account_id)")
