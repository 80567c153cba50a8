# row: B4
# verdict: safe
# finds: nothing
"""The same CHECK, when every service keeps to it."""

from alembic import op

revision = "b4_safe_contract"
down_revision = "tables"
branch_labels = None
depends_on = None
phase = "contract"


def upgrade():
    op.execute(
        "ALTER TABLE orders ADD CONSTRAINT chk_orders_status CHECK (status IN ('new', 'paid')) NOT VALID"
    )
    op.execute("ALTER TABLE orders DROP CONSTRAINT chk_orders_status")


def downgrade():
    op.execute("ALTER TABLE orders DROP CONSTRAINT IF EXISTS chk_orders_status")
