# row: B8
# verdict: dangerous
# finds: function-contract-changed
"""An argument under another name, which callers give by name."""

from alembic import op

revision = "b8_dangerous_other_name"
down_revision = "tables"
branch_labels = None
depends_on = None


def upgrade():
    op.execute("DROP FUNCTION order_total(bigint)")
    op.execute(
        "CREATE FUNCTION order_total(p_owner bigint) RETURNS numeric LANGUAGE sql STABLE RETURN (SELECT sum(amount) FROM orders WHERE account_id = p_owner)"
    )


def downgrade():
    op.execute("DROP FUNCTION order_total(bigint)")
    op.execute(
        "CREATE FUNCTION order_total(p_account bigint) RETURNS numeric LANGUAGE sql STABLE RETURN (SELECT sum(amount) FROM orders WHERE account_id = p_account)"
    )
