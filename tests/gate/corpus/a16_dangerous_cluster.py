# row: A16
# verdict: dangerous
# finds: rewriting-command
# seen: downgrade-leaves-trace, rewrites-table
"""CLUSTER of a table in use."""

from alembic import op

revision = "a16_dangerous_cluster"
down_revision = "tables"
branch_labels = None
depends_on = None


def upgrade():
    op.execute("CLUSTER orders USING idx_orders_account_id")


def downgrade():
    pass
