# row: A13
# verdict: safe
# finds: nothing
"""Two changes of one table, one lock."""

from alembic import op

revision = "a13_safe_one_table"
down_revision = "tables"
branch_labels = None
depends_on = None


def upgrade():
    op.execute("ALTER TABLE orders ADD COLUMN channel text, ADD COLUMN seller text")


def downgrade():
    op.execute("ALTER TABLE orders DROP COLUMN channel, DROP COLUMN seller")
