# row: A4
# verdict: context
# finds: not-valid-left
"""A CHECK for new rows; the old ones were mended and are read in a later revision."""

from alembic import op

revision = "a4_context_not_valid"
down_revision = "tables"
branch_labels = None
depends_on = None
phase = "contract"


def upgrade():
    op.execute("UPDATE orders SET amount = 0 WHERE amount < 0")
    op.execute("ALTER TABLE orders ADD CONSTRAINT chk_orders_amount CHECK (amount >= 0) NOT VALID")


def downgrade():
    op.drop_constraint("chk_orders_amount", "orders")
