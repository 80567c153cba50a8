# row: A17
# verdict: dangerous
# finds: nothing
# seen: refreshes-under-lock
# after: a17_context_view
"""The same inside a function."""

from alembic import op

revision = "a17_dangerous_refresh_in_function"
down_revision = "a17_context_view"
branch_labels = None
depends_on = None


def upgrade():
    op.execute("""
        CREATE FUNCTION sum_up() RETURNS void LANGUAGE plpgsql AS $$
        BEGIN
            EXECUTE 'REFRESH MATERIALIZED VIEW ' || 'sums';
        END
        $$
    """)
    op.execute("SELECT sum_up()")
    op.execute("DROP FUNCTION sum_up()")


def downgrade():
    pass
