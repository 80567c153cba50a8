# row: B3
# verdict: dangerous
# finds: required-column
"""A NOT NULL column that nobody fills."""

import sqlalchemy as sa
from alembic import op

revision = "b3_dangerous_no_default"
down_revision = "tables"
branch_labels = None
depends_on = None


def upgrade():
    op.add_column("orders", sa.Column("channel", sa.Text, nullable=False))


def downgrade():
    op.drop_column("orders", "channel")
