# row: A19
# verdict: safe
# finds: nothing
# after: a19_context_3
"""The first lock of the next release."""

from alembic import op

revision = "a19_safe_next_release"
down_revision = "a19_context_3"
branch_labels = None
depends_on = None


def upgrade():
    op.execute("ALTER TABLE orders ADD COLUMN extra_4 text")


def downgrade():
    op.execute("ALTER TABLE orders DROP COLUMN extra_4")
