# row: B2
# verdict: dangerous
# finds: object-renamed
"""A table under another name."""

from alembic import op

revision = "b2_dangerous_table"
down_revision = "tables"
branch_labels = None
depends_on = None


def upgrade():
    op.rename_table("moods", "feelings")


def downgrade():
    op.rename_table("feelings", "moods")
