# row: A1
# verdict: safe
# finds: nothing
"""A plain index on a table that nobody has yet."""

import sqlalchemy as sa
from alembic import op

revision = "a1_safe_new_table"
down_revision = "tables"
branch_labels = None
depends_on = None


def upgrade():
    op.create_table(
        "refunds",
        sa.Column("id", sa.BigInteger, primary_key=True),
        sa.Column("order_id", sa.BigInteger),
    )
    op.create_index("idx_refunds_order_id", "refunds", ["order_id"])


def downgrade():
    op.drop_table("refunds")
