# row: B8
# verdict: safe
# finds: nothing
"""Another body behind the same contract."""

from alembic import op

revision = "b8_safe_body"
down_revision = "tables"
branch_labels = None
depends_on = None


def upgrade():
    op.execute(
        "CREATE OR REPLACE FUNCTION order_total(p_account bigint) RETURNS numeric LANGUAGE sql STABLE RETURN (SELECT coalesce(sum(amount), 0) FROM orders WHERE account_id = p_account)"
    )


def downgrade():
    op.execute(
        "CREATE OR REPLACE FUNCTION order_total(p_account bigint) RETURNS numeric LANGUAGE sql STABLE RETURN (SELECT sum(amount) FROM orders WHERE account_id = p_account)"
    )
