# row: B1
# verdict: dangerous
# finds: object-dropped
"""A column that the running service reads."""

import sqlalchemy as sa
from alembic import op

revision = "b1_dangerous_drop_column"
down_revision = "tables"
branch_labels = None
depends_on = None


def upgrade():
    op.drop_column("accounts", "note")


def downgrade():
    op.add_column("accounts", sa.Column("note", sa.Text))
