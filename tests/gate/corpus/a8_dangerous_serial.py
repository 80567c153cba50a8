# row: A8
# verdict: dangerous
# finds: column-default-rewrites
"""A serial number for every old row."""

from alembic import op

revision = "a8_dangerous_serial"
down_revision = "tables"
branch_labels = None
depends_on = None


def upgrade():
    op.execute("ALTER TABLE orders ADD COLUMN number bigserial")


def downgrade():
    op.execute("ALTER TABLE orders DROP COLUMN number")
