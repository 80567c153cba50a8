# row: A3
# verdict: dangerous
# finds: concurrently-in-transaction, index-dropped-not-concurrent
"""CONCURRENTLY in Alembic's own transaction."""

from alembic import op

revision = "a3_dangerous_create"
down_revision = "tables"
branch_labels = None
depends_on = None


def upgrade():
    op.create_index("idx_orders_placed", "orders", ["placed"], postgresql_concurrently=True)


def downgrade():
    op.drop_index("idx_orders_placed", "orders")
