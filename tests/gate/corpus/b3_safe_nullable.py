# row: B3
# verdict: safe
# finds: nothing
"""A column that may stay empty."""

import sqlalchemy as sa
from alembic import op

revision = "b3_safe_nullable"
down_revision = "tables"
branch_labels = None
depends_on = None


def upgrade():
    op.add_column("orders", sa.Column("channel", sa.Text))


def downgrade():
    op.drop_column("orders", "channel")
