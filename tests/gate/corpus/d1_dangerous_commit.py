# row: D1
# verdict: dangerous
# finds: transaction-control
"""COMMIT in the middle of a revision."""

from alembic import op

revision = "d1_dangerous_commit"
down_revision = "tables"
branch_labels = None
depends_on = None


def upgrade():
    op.execute("ALTER TABLE orders ADD COLUMN channel text")
    op.execute("COMMIT")


def downgrade():
    op.execute("ALTER TABLE orders DROP COLUMN channel")
