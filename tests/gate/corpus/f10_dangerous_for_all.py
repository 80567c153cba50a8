# row: F10
# verdict: dangerous
# finds: nothing
# seen: definer-for-public
"""It runs as its owner for everybody, as PostgreSQL has it."""

from alembic import op

revision = "f10_dangerous_for_all"
down_revision = "tables"
branch_labels = None
depends_on = None


def upgrade():
    op.execute("""
        CREATE FUNCTION paid(p_id bigint) RETURNS boolean LANGUAGE sql STABLE SECURITY DEFINER
        SET search_path = pg_catalog, pg_temp AS $$ SELECT status = 'paid' FROM public.orders WHERE id = p_id $$;
    """)


def downgrade():
    op.execute("""
        DROP FUNCTION paid(bigint);
    """)
