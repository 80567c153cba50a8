# row: A19
# verdict: context
# finds: nothing
"""Lock 1 of a release on one table."""

from alembic import op

revision = "a19_context_1"
down_revision = "tables"
branch_labels = None
depends_on = None


def upgrade():
    op.execute("ALTER TABLE orders ADD COLUMN extra_1 text")


def downgrade():
    op.execute("ALTER TABLE orders DROP COLUMN extra_1")
