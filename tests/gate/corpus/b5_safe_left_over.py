# row: B5
# verdict: safe
# finds: nothing
"""A constraint that a killed run may have left."""

from alembic import op

revision = "b5_safe_left_over"
down_revision = "tables"
branch_labels = None
depends_on = None


def upgrade():
    op.execute("ALTER TABLE orders DROP CONSTRAINT IF EXISTS chk_orders_left_over")


def downgrade():
    op.execute("ALTER TABLE orders DROP CONSTRAINT IF EXISTS chk_orders_left_over")
