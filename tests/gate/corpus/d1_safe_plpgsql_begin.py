# row: D1
# verdict: safe
# finds: nothing
"""BEGIN and END of a block, which are no transaction."""

from alembic import op

revision = "d1_safe_plpgsql_begin"
down_revision = "tables"
branch_labels = None
depends_on = None


def upgrade():
    op.execute("""
        DO $$
        BEGIN
            PERFORM 1;
        END;
        $$
    """)


def downgrade():
    pass
