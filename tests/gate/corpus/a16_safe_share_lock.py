# row: A16
# verdict: safe
# finds: nothing
"""A lock that stops neither readers nor writers."""

from alembic import op

revision = "a16_safe_share_lock"
down_revision = "tables"
branch_labels = None
depends_on = None


def upgrade():
    op.execute("LOCK TABLE orders IN SHARE UPDATE EXCLUSIVE MODE")


def downgrade():
    pass
