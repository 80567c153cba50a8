# row: A4
# verdict: dangerous
# finds: constraint-not-online, may-fail-on-violations, write-restricted
"""A CHECK over all orders."""

from alembic import op

revision = "a4_dangerous_check"
down_revision = "tables"
branch_labels = None
depends_on = None


def upgrade():
    op.create_check_constraint("chk_orders_amount", "orders", "amount >= 0")


def downgrade():
    op.drop_constraint("chk_orders_amount", "orders")
