# row: A19
# verdict: context
# finds: nothing
# after: a19_context_1
"""Lock 2 of a release on one table."""

from alembic import op

revision = "a19_context_2"
down_revision = "a19_context_1"
branch_labels = None
depends_on = None


def upgrade():
    op.execute("ALTER TABLE orders ADD COLUMN extra_2 text")


def downgrade():
    op.execute("ALTER TABLE orders DROP COLUMN extra_2")
