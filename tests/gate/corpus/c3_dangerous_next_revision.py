# row: C3
# verdict: dangerous
# finds: cleanup-after-constraint
# after: c3_context_unique
# release: from c3_context_unique
"""The duplicates go in the revision after the key."""

from alembic import op

revision = "c3_dangerous_next_revision"
down_revision = "c3_context_unique"
branch_labels = None
depends_on = None


def upgrade():
    op.execute("DELETE FROM orders AS a USING orders AS b WHERE a.code = b.code AND a.id > b.id")


def downgrade():
    pass
