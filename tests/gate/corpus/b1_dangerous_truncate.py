# row: B1
# verdict: dangerous
# finds: object-dropped
"""All rows of a table."""

from alembic import op

revision = "b1_dangerous_truncate"
down_revision = "tables"
branch_labels = None
depends_on = None


def upgrade():
    op.execute("TRUNCATE moods")


def downgrade():
    pass
