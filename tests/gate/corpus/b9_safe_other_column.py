# row: B9
# verdict: safe
# finds: nothing
# after: b9_context_expand
# release: from b9_context_expand
"""A column goes in the release that adds another, which does not take its place."""

from alembic import op

revision = "b9_safe_other_column"
down_revision = "b9_context_expand"
branch_labels = None
depends_on = None
phase = "contract"


def upgrade():
    op.execute("ALTER TABLE orders DROP COLUMN weight")


def downgrade():
    op.execute("ALTER TABLE orders ADD COLUMN weight numeric(10, 2)")
