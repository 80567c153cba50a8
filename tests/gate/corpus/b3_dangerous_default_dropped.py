# row: B3
# verdict: dangerous
# finds: required-column
"""A default for the old rows only."""

import sqlalchemy as sa
from alembic import op

revision = "b3_dangerous_default_dropped"
down_revision = "tables"
branch_labels = None
depends_on = None


def upgrade():
    op.add_column("orders", sa.Column("channel", sa.Text, nullable=False, server_default="web"))
    op.alter_column("orders", "channel", server_default=None)


def downgrade():
    op.drop_column("orders", "channel")
