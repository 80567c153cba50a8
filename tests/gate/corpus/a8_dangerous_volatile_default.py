# row: A8
# verdict: dangerous
# finds: column-default-rewrites
"""A uuid for every old row."""

import sqlalchemy as sa
from alembic import op

revision = "a8_dangerous_volatile_default"
down_revision = "tables"
branch_labels = None
depends_on = None


def upgrade():
    op.add_column(
        "orders", sa.Column("token", sa.Uuid, server_default=sa.text("gen_random_uuid()"))
    )


def downgrade():
    op.drop_column("orders", "token")
