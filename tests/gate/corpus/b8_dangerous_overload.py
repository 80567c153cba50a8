# row: B8
# verdict: dangerous
# finds: function-call-ambiguous
"""A second function that the old call fits as well."""

from alembic import op

revision = "b8_dangerous_overload"
down_revision = "tables"
branch_labels = None
depends_on = None


def upgrade():
    op.execute(
        "CREATE FUNCTION order_total(p_account bigint, p_status text DEFAULT 'new') RETURNS numeric LANGUAGE sql STABLE RETURN (SELECT sum(amount) FROM orders WHERE account_id = p_account AND status = p_status)"
    )


def downgrade():
    op.execute("DROP FUNCTION order_total(bigint, text)")
