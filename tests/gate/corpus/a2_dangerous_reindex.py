# row: A2
# verdict: dangerous
# finds: index-dropped-not-concurrent
# seen: rewrites-index, scans-under-lock
"""An index rebuilt in place."""

from alembic import op

revision = "a2_dangerous_reindex"
down_revision = "tables"
branch_labels = None
depends_on = None


def upgrade():
    op.execute("REINDEX INDEX idx_orders_account_id")


def downgrade():
    pass
