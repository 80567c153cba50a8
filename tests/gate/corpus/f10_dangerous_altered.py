# row: F10
# verdict: dangerous
# finds: nothing
# seen: definer-search-path
"""Made to run as its owner later, which no header shows."""

from alembic import op

revision = "f10_dangerous_altered"
down_revision = "tables"
branch_labels = None
depends_on = None


def upgrade():
    op.execute("""
        CREATE FUNCTION paid(p_id bigint) RETURNS boolean LANGUAGE sql STABLE
        AS $$ SELECT status = 'paid' FROM public.orders WHERE id = p_id $$;
        REVOKE EXECUTE ON FUNCTION paid(bigint) FROM PUBLIC;
        ALTER FUNCTION paid(bigint) SECURITY DEFINER;
    """)


def downgrade():
    op.execute("""
        DROP FUNCTION paid(bigint);
    """)
