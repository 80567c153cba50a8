# row: F10
# verdict: safe
# finds: nothing
"""A function with the rights of its caller."""

from alembic import op

revision = "f10_safe_invoker"
down_revision = "tables"
branch_labels = None
depends_on = None


def upgrade():
    op.execute(
        "CREATE FUNCTION paid(p_id bigint) RETURNS boolean LANGUAGE sql STABLE "
        "AS $$ SELECT status = 'paid' FROM public.orders WHERE id = p_id $$"
    )


def downgrade():
    op.execute("DROP FUNCTION paid(bigint)")
