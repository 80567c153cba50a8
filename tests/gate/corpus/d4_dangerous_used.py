# row: D4
# verdict: dangerous
# finds: enum-value-used-too-early
# seen: upgrade-fails
"""A new value in the rows of the same transaction."""

from alembic import op

revision = "d4_dangerous_used"
down_revision = "tables"
branch_labels = None
depends_on = None


def upgrade():
    op.execute("ALTER TYPE mood ADD VALUE IF NOT EXISTS 'sad'")
    op.execute("UPDATE moods SET mood = 'sad' WHERE said IS NULL")


def downgrade():
    raise NotImplementedError("an enum keeps its values")
