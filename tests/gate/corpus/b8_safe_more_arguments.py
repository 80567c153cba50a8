# row: B8
# verdict: safe
# finds: nothing
"""One argument more, with a default, and the old function goes in the same transaction."""

from alembic import op

revision = "b8_safe_more_arguments"
down_revision = "tables"
branch_labels = None
depends_on = None


def upgrade():
    op.execute("DROP FUNCTION order_total(bigint)")
    op.execute(
        "CREATE FUNCTION order_total(p_account bigint, p_status text DEFAULT 'new') RETURNS numeric LANGUAGE sql STABLE RETURN (SELECT sum(amount) FROM orders WHERE account_id = p_account AND status = p_status)"
    )


def downgrade():
    op.execute("DROP FUNCTION order_total(bigint, text)")
    op.execute(
        "CREATE FUNCTION order_total(p_account bigint) RETURNS numeric LANGUAGE sql STABLE RETURN (SELECT sum(amount) FROM orders WHERE account_id = p_account)"
    )
