# row: A11
# verdict: dangerous
# finds: nothing
# seen: no-lock-timeout
# lock_timeout: none
"""A short lock that waits for ever."""

from alembic import op

revision = "a11_dangerous_no_timeout"
down_revision = "tables"
branch_labels = None
depends_on = None


def upgrade():
    op.execute("ALTER TABLE orders ADD COLUMN channel text")


def downgrade():
    op.execute("ALTER TABLE orders DROP COLUMN channel")
