# row: F12
# verdict: safe
# finds: nothing
# after: f12_context_forced
"""The force is lifted for a few rows."""

from alembic import op

revision = "f12_safe_lifted"
down_revision = "f12_context_forced"
branch_labels = None
depends_on = None


def upgrade():
    op.execute("ALTER TABLE orders NO FORCE ROW LEVEL SECURITY")
    op.execute("UPDATE orders SET status = 'old' WHERE id = 1")
    op.execute("ALTER TABLE orders FORCE ROW LEVEL SECURITY")


def downgrade():
    raise NotImplementedError("nobody knows the old status")
