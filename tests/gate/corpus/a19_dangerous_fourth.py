# row: A19
# verdict: dangerous
# finds: nothing
# seen: locks-table-often
# after: a19_context_3
# release: from a19_context_1
"""The fourth lock of one release on one table."""

from alembic import op

revision = "a19_dangerous_fourth"
down_revision = "a19_context_3"
branch_labels = None
depends_on = None


def upgrade():
    op.execute("ALTER TABLE orders ADD COLUMN extra_4 text")


def downgrade():
    op.execute("ALTER TABLE orders DROP COLUMN extra_4")
