# row: A15
# verdict: safe
# finds: nothing
"""A DELETE that finds nothing."""

from alembic import op

revision = "a15_safe_no_row"
down_revision = "tables"
branch_labels = None
depends_on = None


def upgrade():
    op.execute("DELETE FROM orders WHERE id < 0")


def downgrade():
    pass
