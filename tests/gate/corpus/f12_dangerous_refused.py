# row: F12
# verdict: dangerous
# finds: nothing
# seen: fails-under-row-security, row-writes-hidden
# after: f12_context_forced
"""A session that fails instead of doing nothing."""

from alembic import op

revision = "f12_dangerous_refused"
down_revision = "f12_context_forced"
branch_labels = None
depends_on = None


def upgrade():
    op.execute("SET LOCAL row_security = off")
    op.execute("DELETE FROM orders WHERE id = 0")


def downgrade():
    pass
