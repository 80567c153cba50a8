# row: B3
# verdict: safe
# finds: nothing
"""A column that fills itself."""

from alembic import op

revision = "b3_safe_default"
down_revision = "tables"
branch_labels = None
depends_on = None


def upgrade():
    op.execute("ALTER TABLE orders ADD COLUMN channel text NOT NULL DEFAULT 'web'")


def downgrade():
    op.execute("ALTER TABLE orders DROP COLUMN channel")
