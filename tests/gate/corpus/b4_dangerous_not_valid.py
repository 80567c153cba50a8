# row: B4
# verdict: dangerous
# finds: not-valid-left, write-restricted
"""A CHECK that old services may break, NOT VALID or not."""

from alembic import op

revision = "b4_dangerous_not_valid"
down_revision = "tables"
branch_labels = None
depends_on = None


def upgrade():
    op.execute(
        "ALTER TABLE orders ADD CONSTRAINT chk_orders_status CHECK (status IN ('new', 'paid')) NOT VALID"
    )


def downgrade():
    op.drop_constraint("chk_orders_status", "orders")
