# row: A15
# verdict: dangerous
# finds: nothing
# seen: writes-unbounded
"""A DELETE whose WHERE most rows meet."""

from alembic import op

revision = "a15_dangerous_delete"
down_revision = "tables"
branch_labels = None
depends_on = None


def upgrade():
    op.execute("DELETE FROM orders WHERE id > 0")


def downgrade():
    pass
