# row: D1
# verdict: dangerous
# finds: transaction-control
"""A script with its own BEGIN and COMMIT."""

from alembic import op

revision = "d1_dangerous_begin"
down_revision = "tables"
branch_labels = None
depends_on = None


def upgrade():
    op.execute("BEGIN; ALTER TABLE orders ADD COLUMN channel text; COMMIT;")


def downgrade():
    op.execute("ALTER TABLE orders DROP COLUMN channel")
