# row: A5
# verdict: dangerous
# finds: validate-in-same-transaction
"""NOT VALID and VALIDATE in Alembic's one transaction."""

from alembic import op

revision = "a5_dangerous_one_transaction"
down_revision = "tables"
branch_labels = None
depends_on = None
phase = "contract"


def upgrade():
    op.execute("UPDATE orders SET amount = 0 WHERE amount < 0")
    op.execute("ALTER TABLE orders ADD CONSTRAINT chk_orders_amount CHECK (amount >= 0) NOT VALID")
    op.execute("ALTER TABLE orders VALIDATE CONSTRAINT chk_orders_amount")


def downgrade():
    op.drop_constraint("chk_orders_amount", "orders")
