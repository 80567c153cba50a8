# row: A15
# verdict: dangerous
# finds: nothing
# seen: writes-unbounded
"""An UPDATE of every row."""

from alembic import op

revision = "a15_dangerous_update"
down_revision = "tables"
branch_labels = None
depends_on = None


def upgrade():
    op.execute("UPDATE orders SET status = lower(status)")


def downgrade():
    pass
