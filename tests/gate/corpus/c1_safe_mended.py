# row: C1
# verdict: safe
# finds: nothing
"""Duplicates go first."""

from alembic import op

revision = "c1_safe_mended"
down_revision = "tables"
branch_labels = None
depends_on = None
phase = "contract"


def upgrade():
    op.execute(
        "UPDATE orders SET code = NULL WHERE code IS NOT NULL"
        " AND id NOT IN (SELECT min(id) FROM orders GROUP BY code)"
    )
    with op.get_context().autocommit_block():
        op.execute("DROP INDEX CONCURRENTLY IF EXISTS uq_orders_code")
        op.execute("CREATE UNIQUE INDEX CONCURRENTLY uq_orders_code ON orders (code)")


def downgrade():
    with op.get_context().autocommit_block():
        op.execute("DROP INDEX CONCURRENTLY IF EXISTS uq_orders_code")
