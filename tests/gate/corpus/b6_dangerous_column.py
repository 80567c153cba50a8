# row: B6
# verdict: dangerous
# finds: cascade
# seen: downgrade-leaves-trace
"""DROP COLUMN … CASCADE."""

from alembic import op

revision = "b6_dangerous_column"
down_revision = "tables"
branch_labels = None
depends_on = None
phase = "contract"


def upgrade():
    op.execute("ALTER TABLE orders DROP COLUMN amount CASCADE")


def downgrade():
    op.execute("ALTER TABLE orders ADD COLUMN amount numeric(10, 2)")
