# row: A17
# verdict: dangerous
# finds: matview-refreshed-in-place
# after: a17_context_view
"""A refresh that nobody can read meanwhile."""

from alembic import op

revision = "a17_dangerous_refresh"
down_revision = "a17_context_view"
branch_labels = None
depends_on = None


def upgrade():
    op.execute("REFRESH MATERIALIZED VIEW sums")


def downgrade():
    pass
