# row: B7
# verdict: dangerous
# finds: type-change-rewrites, type-narrowed
"""Fewer digits."""

from alembic import op

revision = "b7_dangerous_less_digits"
down_revision = "tables"
branch_labels = None
depends_on = None


def upgrade():
    op.execute("ALTER TABLE orders ALTER COLUMN weight TYPE numeric(6, 2)")


def downgrade():
    op.execute("ALTER TABLE orders ALTER COLUMN weight TYPE numeric(10, 2)")
