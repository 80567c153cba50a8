# row: C2
# verdict: context
# finds: not-valid-left
"""A CHECK for new rows that a later revision validates."""

from alembic import op

revision = "c2_context_not_valid"
down_revision = "tables"
branch_labels = None
depends_on = None
phase = "contract"


def upgrade():
    op.execute("ALTER TABLE orders ADD CONSTRAINT chk_orders_code CHECK (code <> '') NOT VALID")


def downgrade():
    op.drop_constraint("chk_orders_code", "orders")
