# row: A8
# verdict: safe
# finds: nothing
"""A default of now(), which is one value for the whole statement."""

from alembic import op

revision = "a8_safe_now"
down_revision = "tables"
branch_labels = None
depends_on = None


def upgrade():
    op.execute("ALTER TABLE orders ADD COLUMN seen timestamptz NOT NULL DEFAULT now()")


def downgrade():
    op.execute("ALTER TABLE orders DROP COLUMN seen")
