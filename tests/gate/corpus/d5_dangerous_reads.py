# row: D5
# verdict: dangerous
# finds: offline-render-fails
"""A revision that asks the database what to do."""

import sqlalchemy as sa
from alembic import op

revision = "d5_dangerous_reads"
down_revision = "tables"
branch_labels = None
depends_on = None


def upgrade():
    count = op.get_bind().execute(sa.text("SELECT count(*) FROM orders")).scalar()
    if not count:
        op.execute("ALTER TABLE orders ADD COLUMN channel text")


def downgrade():
    op.execute("ALTER TABLE orders DROP COLUMN IF EXISTS channel")
