# row: C3
# verdict: safe
# finds: nothing
"""The rows that break it, and then the CHECK."""

from alembic import op

revision = "c3_safe_first"
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


def downgrade():
    op.execute("ALTER TABLE orders DROP CONSTRAINT chk_orders_amount")
