# row: C3
# verdict: context
# finds: may-fail-on-duplicates
"""A key over what may hold duplicates."""

from alembic import op

revision = "c3_context_unique"
down_revision = "tables"
branch_labels = None
depends_on = None
phase = "contract"


def upgrade():
    with op.get_context().autocommit_block():
        op.execute("DROP INDEX CONCURRENTLY IF EXISTS uq_orders_code")
        op.execute("CREATE UNIQUE INDEX CONCURRENTLY uq_orders_code ON orders (code)")


def downgrade():
    with op.get_context().autocommit_block():
        op.execute("DROP INDEX CONCURRENTLY IF EXISTS uq_orders_code")
