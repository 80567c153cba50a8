# row: D4
# verdict: safe
# finds: nothing
"""A new value that nobody uses yet."""

from alembic import op

revision = "d4_safe_only_added"
down_revision = "tables"
branch_labels = None
depends_on = None


def upgrade():
    op.execute("ALTER TYPE mood ADD VALUE IF NOT EXISTS 'sad'")


def downgrade():
    raise NotImplementedError("an enum keeps its values")
