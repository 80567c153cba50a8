# row: F10
# verdict: dangerous
# finds: security-definer-search-path
# seen: definer-for-public
"""SECURITY DEFINER with another setting pinned."""

from alembic import op

revision = "f10_dangerous_other_setting"
down_revision = "tables"
branch_labels = None
depends_on = None


def upgrade():
    op.execute(
        "CREATE FUNCTION paid(p_id bigint) RETURNS boolean LANGUAGE sql STABLE "
        "SECURITY DEFINER SET work_mem = '64MB' AS $$ SELECT status = 'paid' FROM public.orders WHERE id = p_id $$"
    )


def downgrade():
    op.execute("DROP FUNCTION paid(bigint)")
