# row: A12
# verdict: dangerous
# finds: nothing
# seen: work-after-exclusive-lock
"""A lock that is held while the transaction waits."""

from alembic import op

revision = "a12_dangerous_sleep"
down_revision = "tables"
branch_labels = None
depends_on = None


def upgrade():
    op.execute("ALTER TABLE orders ADD COLUMN channel text")
    op.execute("SELECT pg_sleep(0.6)")


def downgrade():
    op.execute("ALTER TABLE orders DROP COLUMN channel")
