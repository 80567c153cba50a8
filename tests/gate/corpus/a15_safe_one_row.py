# row: A15
# verdict: safe
# finds: nothing
"""An UPDATE of one row."""

from alembic import op

revision = "a15_safe_one_row"
down_revision = "tables"
branch_labels = None
depends_on = None


def upgrade():
    op.execute("UPDATE orders SET status = 'new' WHERE id = 1")


def downgrade():
    pass
