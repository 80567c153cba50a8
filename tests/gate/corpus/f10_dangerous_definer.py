# row: F10
# verdict: dangerous
# finds: security-definer-search-path
# seen: definer-for-public
"""SECURITY DEFINER with the search_path of its caller."""

from alembic import op

revision = "f10_dangerous_definer"
down_revision = "tables"
branch_labels = None
depends_on = None


def upgrade():
    op.execute(
        "CREATE FUNCTION paid(p_id bigint) RETURNS boolean LANGUAGE sql STABLE "
        "SECURITY DEFINER AS $$ SELECT status = 'paid' FROM public.orders WHERE id = p_id $$"
    )


def downgrade():
    op.execute("DROP FUNCTION paid(bigint)")
