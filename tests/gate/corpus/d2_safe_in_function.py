# row: D2
# verdict: safe
# finds: nothing
"""The same, and it looks first."""

from alembic import op

revision = "d2_safe_in_function"
down_revision = "tables"
branch_labels = None
depends_on = None


def upgrade():
    op.execute(
        "DO $$ BEGIN EXECUTE 'CREATE ' || 'TABLE IF NOT EXISTS channels (id bigint PRIMARY KEY)'; END $$"
    )
    with op.get_context().autocommit_block():
        op.execute("DROP INDEX CONCURRENTLY IF EXISTS idx_orders_status")
        op.execute("CREATE INDEX CONCURRENTLY idx_orders_status ON orders (status)")


def downgrade():
    with op.get_context().autocommit_block():
        op.execute("DROP INDEX CONCURRENTLY IF EXISTS idx_orders_status")
    op.execute("DROP TABLE channels")
