# row: D5
# verdict: dangerous
# finds: offline-render-fails
"""A revision that looks at the catalog."""

import sqlalchemy as sa
from alembic import op

revision = "d5_dangerous_inspects"
down_revision = "tables"
branch_labels = None
depends_on = None


def upgrade():
    if "channel" not in sa.inspect(op.get_bind()).get_columns("orders"):
        op.execute("ALTER TABLE orders ADD COLUMN channel text")


def downgrade():
    op.execute("ALTER TABLE orders DROP COLUMN IF EXISTS channel")
