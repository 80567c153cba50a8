# row: A8
# verdict: dangerous
# finds: column-default-rewrites
"""An identity for every old row."""

from alembic import op

revision = "a8_dangerous_identity"
down_revision = "tables"
branch_labels = None
depends_on = None


def upgrade():
    op.execute("ALTER TABLE orders ADD COLUMN number bigint GENERATED ALWAYS AS IDENTITY")


def downgrade():
    op.execute("ALTER TABLE orders DROP COLUMN number")
