# row: A19
# verdict: safe
# finds: nothing
# after: a19_context_2
# release: from a19_context_1
"""The third lock on one table, and one on another."""

from alembic import op

revision = "a19_safe_other_table"
down_revision = "a19_context_2"
branch_labels = None
depends_on = None


def upgrade():
    with op.get_context().autocommit_block():
        op.execute("ALTER TABLE accounts ADD COLUMN IF NOT EXISTS extra_3 text")
    op.execute("ALTER TABLE orders ADD COLUMN extra_3 text")


def downgrade():
    op.execute("ALTER TABLE accounts DROP COLUMN extra_3")
    with op.get_context().autocommit_block():
        op.execute("ALTER TABLE orders DROP COLUMN IF EXISTS extra_3")
