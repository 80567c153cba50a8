# row: A17
# verdict: safe
# finds: nothing
# after: a17_context_view
"""A refresh beside the readers."""

from alembic import op

revision = "a17_safe_concurrently"
down_revision = "a17_context_view"
branch_labels = None
depends_on = None


def upgrade():
    op.execute("REFRESH MATERIALIZED VIEW CONCURRENTLY sums")


def downgrade():
    pass
