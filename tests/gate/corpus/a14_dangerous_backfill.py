# row: A14
# verdict: dangerous
# finds: nothing
# seen: backfills-with-ddl
"""A column and the backfill of it in one transaction."""

from alembic import op

revision = "a14_dangerous_backfill"
down_revision = "tables"
branch_labels = None
depends_on = None


def upgrade():
    op.execute("ALTER TABLE orders ADD COLUMN channel text")
    op.execute("UPDATE orders SET channel = 'web' WHERE id % 2 = 0")


def downgrade():
    op.execute("ALTER TABLE orders DROP COLUMN channel")
