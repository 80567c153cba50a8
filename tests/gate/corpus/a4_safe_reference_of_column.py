# row: A4
# verdict: safe
# finds: nothing
"""A new column that refers to another table: all its values are NULL."""

from alembic import op

revision = "a4_safe_reference_of_column"
down_revision = "tables"
branch_labels = None
depends_on = None


def upgrade():
    op.execute(
        "ALTER TABLE orders ADD COLUMN IF NOT EXISTS parent_id bigint REFERENCES orders (id)"
    )
    with op.get_context().autocommit_block():
        op.execute("DROP INDEX CONCURRENTLY IF EXISTS idx_orders_parent_id")
        op.execute("CREATE INDEX CONCURRENTLY idx_orders_parent_id ON orders (parent_id)")


def downgrade():
    op.execute("ALTER TABLE orders DROP COLUMN parent_id")
