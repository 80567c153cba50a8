# row: B6
# verdict: safe
# finds: nothing
"""A drop that lists what it takes along."""

from alembic import op

revision = "b6_safe_restrict"
down_revision = "tables"
branch_labels = None
depends_on = None
phase = "contract"


def upgrade():
    op.execute("DROP FUNCTION order_total(bigint)")
    op.execute("DROP VIEW open_orders")
    op.execute("ALTER TABLE orders DROP COLUMN amount")


def downgrade():
    op.execute("ALTER TABLE orders ADD COLUMN amount numeric(10, 2)")
    op.execute("CREATE VIEW open_orders AS SELECT id, amount FROM orders WHERE status = 'new'")
    op.execute(
        "CREATE FUNCTION order_total(p_account bigint) RETURNS numeric LANGUAGE sql STABLE"
        " RETURN (SELECT sum(amount) FROM orders WHERE account_id = p_account)"
    )
