# row: A2
# verdict: dangerous
# finds: index-dropped-not-concurrent, index-not-concurrent
"""An index dropped as autogenerate writes it."""

from alembic import op

revision = "a2_dangerous_drop_index"
down_revision = "tables"
branch_labels = None
depends_on = None


def upgrade():
    op.drop_index("idx_orders_account_id", "orders")


def downgrade():
    op.create_index("idx_orders_account_id", "orders", ["account_id"])
