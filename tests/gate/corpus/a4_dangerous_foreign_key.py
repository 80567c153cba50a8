# row: A4
# verdict: dangerous
# finds: constraint-not-online, may-fail-on-violations, write-restricted
"""A foreign key, as autogenerate writes it."""

from alembic import op

revision = "a4_dangerous_foreign_key"
down_revision = "tables"
branch_labels = None
depends_on = None


def upgrade():
    op.create_foreign_key("fk_orders_account_id", "orders", "accounts", ["account_id"], ["id"])


def downgrade():
    op.drop_constraint("fk_orders_account_id", "orders")
