# row: B11
# verdict: safe
# finds: nothing
"""A downgrade that says it cannot be done."""

from alembic import op

revision = "b11_safe_refuses"
down_revision = "tables"
branch_labels = None
depends_on = None


def upgrade():
    op.execute("ALTER TABLE orders ADD COLUMN channel text")


def downgrade():
    raise NotImplementedError("restore a backup")
