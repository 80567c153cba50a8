# row: A12
# verdict: safe
# finds: nothing
"""One statement with a strong lock, and nothing behind it."""

from alembic import op

revision = "a12_safe_one_statement"
down_revision = "tables"
branch_labels = None
depends_on = None


def upgrade():
    op.execute("ALTER TABLE orders ADD COLUMN channel text")


def downgrade():
    op.execute("ALTER TABLE orders DROP COLUMN channel")
