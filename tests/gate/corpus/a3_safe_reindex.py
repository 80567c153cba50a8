# row: A3
# verdict: safe
# finds: nothing
"""A rebuild beside the running table."""

from alembic import op

revision = "a3_safe_reindex"
down_revision = "tables"
branch_labels = None
depends_on = None


def upgrade():
    with op.get_context().autocommit_block():
        op.execute("REINDEX INDEX CONCURRENTLY idx_orders_account_id")


def downgrade():
    with op.get_context().autocommit_block():
        op.execute("REINDEX INDEX CONCURRENTLY idx_orders_account_id")
