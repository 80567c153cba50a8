# row: C1
# verdict: safe
# finds: nothing
"""A key that includes one that is unique already."""

from alembic import op

revision = "c1_safe_wider_key"
down_revision = "tables"
branch_labels = None
depends_on = None
phase = "contract"


def upgrade():
    with op.get_context().autocommit_block():
        op.execute("DROP INDEX CONCURRENTLY IF EXISTS uq_orders_id_status")
        op.execute("CREATE UNIQUE INDEX CONCURRENTLY uq_orders_id_status ON orders (id, status)")


def downgrade():
    with op.get_context().autocommit_block():
        op.execute("DROP INDEX CONCURRENTLY IF EXISTS uq_orders_id_status")
