# row: A17
# verdict: dangerous
# finds: nothing
# seen: refreshes-under-lock
# after: a17_context_view
"""The same, where no text shows it."""

from alembic import op

revision = "a17_dangerous_refresh_in_do"
down_revision = "a17_context_view"
branch_labels = None
depends_on = None


def upgrade():
    op.execute("""
        DO $$ BEGIN
            EXECUTE 'REFRESH MATERIALIZED ' || 'VIEW sums';
        END $$
    """)


def downgrade():
    pass
