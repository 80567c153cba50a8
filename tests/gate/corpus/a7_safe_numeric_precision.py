# row: A7
# verdict: safe
# finds: nothing
"""More digits before the point."""

from alembic import op

revision = "a7_safe_numeric_precision"
down_revision = "tables"
branch_labels = None
depends_on = None


def upgrade():
    op.execute("ALTER TABLE orders ALTER COLUMN weight TYPE numeric(14, 2)")


def downgrade():
    raise NotImplementedError("a narrower type would rewrite the table")
