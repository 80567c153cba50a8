# row: B7
# verdict: safe
# finds: nothing
"""A wider numeric."""

from alembic import op

revision = "b7_safe_wider"
down_revision = "tables"
branch_labels = None
depends_on = None


def upgrade():
    op.execute("ALTER TABLE orders ALTER COLUMN weight TYPE numeric(12, 2)")


def downgrade():
    raise NotImplementedError("a narrower type would rewrite the table")
