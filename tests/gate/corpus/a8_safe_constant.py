# row: A8
# verdict: safe
# finds: nothing
"""A constant default, which the catalog holds for old rows."""

import sqlalchemy as sa
from alembic import op

revision = "a8_safe_constant"
down_revision = "tables"
branch_labels = None
depends_on = None


def upgrade():
    op.add_column("orders", sa.Column("channel", sa.Text, nullable=False, server_default="web"))


def downgrade():
    op.drop_column("orders", "channel")
