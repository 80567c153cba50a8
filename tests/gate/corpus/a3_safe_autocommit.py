# row: A3
# verdict: safe
# finds: nothing
"""Outside a transaction, with the API of Alembic."""

from alembic import op

revision = "a3_safe_autocommit"
down_revision = "tables"
branch_labels = None
depends_on = None


def upgrade():
    with op.get_context().autocommit_block():
        op.drop_index("idx_orders_placed", "orders", postgresql_concurrently=True, if_exists=True)
        op.create_index("idx_orders_placed", "orders", ["placed"], postgresql_concurrently=True)


def downgrade():
    with op.get_context().autocommit_block():
        op.drop_index("idx_orders_placed", "orders", postgresql_concurrently=True, if_exists=True)
