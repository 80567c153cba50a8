# row: D7
# verdict: safe
# finds: nothing
"""A string that looks like SQL."""

from alembic import op

revision = "d7_safe_string"
down_revision = "tables"
branch_labels = None
depends_on = None


def upgrade():
    op.execute("COMMENT ON TABLE orders IS 'DROP TABLE orders; -- never'")


def downgrade():
    op.execute("COMMENT ON TABLE orders IS NULL")
