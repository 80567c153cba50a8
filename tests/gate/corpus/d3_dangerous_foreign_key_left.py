# row: D3
# verdict: dangerous
# finds: not-valid-left
"""A foreign key that nobody validates."""

from alembic import op

revision = "d3_dangerous_foreign_key_left"
down_revision = "tables"
branch_labels = None
depends_on = None
phase = "contract"


def upgrade():
    op.create_foreign_key(
        "fk_orders_account_id",
        "orders",
        "accounts",
        ["account_id"],
        ["id"],
        postgresql_not_valid=True,
    )


def downgrade():
    op.drop_constraint("fk_orders_account_id", "orders")
