# row: F14
# verdict: safe
# finds: nothing
"""A right for one role."""

from alembic import op

revision = "f14_safe_role"
down_revision = "tables"
branch_labels = None
depends_on = None


def upgrade():
    op.execute("GRANT SELECT ON orders TO pg_monitor")


def downgrade():
    op.execute("REVOKE SELECT ON orders FROM pg_monitor")
