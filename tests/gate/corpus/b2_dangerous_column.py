# row: B2
# verdict: dangerous
# finds: object-renamed
"""A column under another name."""

from alembic import op

revision = "b2_dangerous_column"
down_revision = "tables"
branch_labels = None
depends_on = None


def upgrade():
    op.alter_column("accounts", "note", new_column_name="remark")


def downgrade():
    op.alter_column("accounts", "remark", new_column_name="note")
