# row: A10
# verdict: dangerous
# finds: exclusion-constraint, write-restricted
# seen: fails-on-duplicates
"""An exclusion constraint over an expression."""

from alembic import op

revision = "a10_dangerous_exclusion_range"
down_revision = "tables"
branch_labels = None
depends_on = None


def upgrade():
    op.execute(
        "ALTER TABLE orders ADD CONSTRAINT one_placed EXCLUDE USING gist (tstzrange(placed, placed) WITH &&)"
    )


def downgrade():
    op.execute("ALTER TABLE orders DROP CONSTRAINT one_placed")
