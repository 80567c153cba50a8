# row: A1
# verdict: dangerous
# finds: index-dropped-not-concurrent, index-not-concurrent
"""An index over all orders, as autogenerate writes it."""

from alembic import op

revision = "a1_dangerous_create_index"
down_revision = "tables"
branch_labels = None
depends_on = None


def upgrade():
    op.create_index("idx_orders_placed", "orders", ["placed"])


def downgrade():
    op.drop_index("idx_orders_placed", "orders")
