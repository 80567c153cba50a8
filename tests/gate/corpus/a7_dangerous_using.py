# row: A7
# verdict: dangerous
# finds: type-change-rewrites
# seen: fails-on-rows
"""A text becomes a timestamp, row by row."""

from alembic import op

revision = "a7_dangerous_using"
down_revision = "tables"
branch_labels = None
depends_on = None


def upgrade():
    op.execute("ALTER TABLE accounts ALTER COLUMN note TYPE timestamptz USING note::timestamptz")


def downgrade():
    op.execute("ALTER TABLE accounts ALTER COLUMN note TYPE text")
