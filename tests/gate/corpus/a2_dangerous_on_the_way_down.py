# row: A2
# verdict: dangerous
# finds: index-dropped-not-concurrent
"""An index that comes beside the writers, and goes in their way."""

from alembic import op

revision = "a2_dangerous_on_the_way_down"
down_revision = "tables"
branch_labels = None
depends_on = None


def upgrade():
    with op.get_context().autocommit_block():
        op.execute("DROP INDEX CONCURRENTLY IF EXISTS idx_orders_status")
        op.execute("CREATE INDEX CONCURRENTLY idx_orders_status ON orders (status)")


def downgrade():
    op.execute("DROP INDEX idx_orders_status")
