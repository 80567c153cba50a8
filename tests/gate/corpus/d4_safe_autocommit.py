# row: D4
# verdict: safe
# finds: nothing
"""A new value that is committed before it is used."""

from alembic import op

revision = "d4_safe_autocommit"
down_revision = "tables"
branch_labels = None
depends_on = None


def upgrade():
    with op.get_context().autocommit_block():
        op.execute("ALTER TYPE mood ADD VALUE IF NOT EXISTS 'sad'")
    op.execute("ALTER TABLE moods ALTER COLUMN mood SET DEFAULT 'sad'")


def downgrade():
    op.execute("ALTER TABLE moods ALTER COLUMN mood DROP DEFAULT")
