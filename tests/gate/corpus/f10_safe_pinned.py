# row: F10
# verdict: safe
# finds: nothing
"""SECURITY DEFINER with its own search_path."""

from alembic import op

revision = "f10_safe_pinned"
down_revision = "tables"
branch_labels = None
depends_on = None


def upgrade():
    op.execute(
        "CREATE FUNCTION paid(p_id bigint) RETURNS boolean LANGUAGE sql STABLE "
        "SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$ SELECT status = 'paid' FROM public.orders WHERE id = p_id $$"
    )
    op.execute("REVOKE EXECUTE ON FUNCTION paid(bigint) FROM PUBLIC")


def downgrade():
    op.execute("DROP FUNCTION paid(bigint)")
