# row: C3
# verdict: safe
# finds: nothing
"""What is written after the constraint is not what it is about."""

from alembic import op

revision = "c3_safe_other_column"
down_revision = "tables"
branch_labels = None
depends_on = None
phase = "contract"


def upgrade():
    op.execute("UPDATE orders SET amount = 0 WHERE amount < 0")
    op.execute("ALTER TABLE orders DROP CONSTRAINT IF EXISTS chk_orders_amount")
    op.execute("ALTER TABLE orders ADD CONSTRAINT chk_orders_amount CHECK (amount >= 0) NOT VALID")
    with op.get_context().autocommit_block():
        op.execute("ALTER TABLE orders VALIDATE CONSTRAINT chk_orders_amount")
        op.execute("UPDATE orders SET status = 'old' WHERE id = 1")


def downgrade():
    op.execute("ALTER TABLE orders DROP CONSTRAINT chk_orders_amount")
