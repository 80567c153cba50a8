# row: A11
# verdict: safe
# finds: nothing
# lock_timeout: none
"""A timeout that the revision sets for itself."""

from alembic import op

revision = "a11_safe_own_timeout"
down_revision = "tables"
branch_labels = None
depends_on = None


def upgrade():
    op.execute("SET LOCAL lock_timeout = '2s'")
    op.execute("ALTER TABLE orders ADD COLUMN channel text")


def downgrade():
    op.execute("ALTER TABLE orders DROP COLUMN channel")
