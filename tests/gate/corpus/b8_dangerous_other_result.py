# row: B8
# verdict: dangerous
# finds: function-contract-changed
"""A function that returns text instead of a number."""

from alembic import op

revision = "b8_dangerous_other_result"
down_revision = "tables"
branch_labels = None
depends_on = None


def upgrade():
    op.execute("DROP FUNCTION order_total(bigint)")
    op.execute(
        "CREATE FUNCTION order_total(p_account bigint) RETURNS text LANGUAGE sql STABLE RETURN (SELECT sum(amount)::text FROM orders WHERE account_id = p_account)"
    )


def downgrade():
    op.execute("DROP FUNCTION order_total(bigint)")
    op.execute(
        "CREATE FUNCTION order_total(p_account bigint) RETURNS numeric LANGUAGE sql STABLE RETURN (SELECT sum(amount) FROM orders WHERE account_id = p_account)"
    )
