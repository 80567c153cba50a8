# row: D5
# verdict: safe
# finds: nothing
"""The same in SQL."""

from alembic import op

revision = "d5_safe_if_not_exists"
down_revision = "tables"
branch_labels = None
depends_on = None


def upgrade():
    op.execute("ALTER TABLE orders ADD COLUMN IF NOT EXISTS channel text")


def downgrade():
    op.execute("ALTER TABLE orders DROP COLUMN IF EXISTS channel")
