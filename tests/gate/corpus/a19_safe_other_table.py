# row: A19
# verdict: safe
# finds: nothing
# after: a19_context_3
# release: from a19_context_1
"""Three locks on one table, and one on another."""

from alembic import op

revision = "a19_safe_other_table"
down_revision = "a19_context_3"
branch_labels = None
depends_on = None


def upgrade():
    op.execute("ALTER TABLE accounts ADD COLUMN extra_4 text")


def downgrade():
    op.execute("ALTER TABLE accounts DROP COLUMN extra_4")
