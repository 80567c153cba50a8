# row: B9
# verdict: context
# finds: nothing
"""Expand: the new column."""

from alembic import op

revision = "b9_context_expand"
down_revision = "tables"
branch_labels = None
depends_on = None


def upgrade():
    op.execute("ALTER TABLE orders ADD COLUMN state text")


def downgrade():
    op.execute("ALTER TABLE orders DROP COLUMN state")
