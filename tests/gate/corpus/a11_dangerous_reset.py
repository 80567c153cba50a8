# row: A11
# verdict: dangerous
# finds: nothing
# seen: no-lock-timeout
"""A timeout that the revision takes away for itself."""

from alembic import op

revision = "a11_dangerous_reset"
down_revision = "tables"
branch_labels = None
depends_on = None


def upgrade():
    op.execute("SET LOCAL lock_timeout = 0")
    op.execute("ALTER TABLE orders ADD COLUMN channel text")


def downgrade():
    op.execute("ALTER TABLE orders DROP COLUMN channel")
