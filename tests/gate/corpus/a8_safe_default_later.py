# row: A8
# verdict: safe
# finds: nothing
"""A volatile default for new rows only."""

from alembic import op

revision = "a8_safe_default_later"
down_revision = "tables"
branch_labels = None
depends_on = None


def upgrade():
    op.execute("ALTER TABLE orders ADD COLUMN token uuid")
    op.execute("ALTER TABLE orders ALTER COLUMN token SET DEFAULT gen_random_uuid()")


def downgrade():
    op.execute("ALTER TABLE orders DROP COLUMN token")
