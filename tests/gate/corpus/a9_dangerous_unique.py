# row: A9
# verdict: dangerous
# finds: may-fail-on-duplicates, unique-not-using-index, write-restricted
"""A UNIQUE that builds its index under a lock."""

from alembic import op

revision = "a9_dangerous_unique"
down_revision = "tables"
branch_labels = None
depends_on = None


def upgrade():
    op.create_unique_constraint("uq_orders_code", "orders", ["code"])


def downgrade():
    op.drop_constraint("uq_orders_code", "orders")
