# row: B2
# verdict: safe
# finds: nothing
"""A constraint under another name, which no service writes."""

from alembic import op

revision = "b2_safe_constraint"
down_revision = "tables"
branch_labels = None
depends_on = None


def upgrade():
    op.execute("ALTER TABLE orders RENAME CONSTRAINT orders_pkey TO pk_orders")


def downgrade():
    op.execute("ALTER TABLE orders RENAME CONSTRAINT pk_orders TO orders_pkey")
