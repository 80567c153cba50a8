# row: D4
# verdict: dangerous
# finds: enum-value-used-too-early
# seen: upgrade-fails
"""A new value as a default in the same transaction."""

from alembic import op

revision = "d4_dangerous_default"
down_revision = "tables"
branch_labels = None
depends_on = None


def upgrade():
    op.execute("ALTER TYPE mood ADD VALUE IF NOT EXISTS 'sad'")
    op.execute("ALTER TABLE moods ALTER COLUMN mood SET DEFAULT 'sad'")


def downgrade():
    raise NotImplementedError("an enum keeps its values")
