# row: A4
# verdict: dangerous
# finds: constraint-not-online
"""A new column with a CHECK, which reads every row."""

from alembic import op

revision = "a4_dangerous_check_of_column"
down_revision = "tables"
branch_labels = None
depends_on = None


def upgrade():
    op.execute("ALTER TABLE orders ADD COLUMN places integer CHECK (places > 0)")


def downgrade():
    op.execute("ALTER TABLE orders DROP COLUMN places")
