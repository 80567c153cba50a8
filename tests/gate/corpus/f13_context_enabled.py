# row: F13
# verdict: context
# finds: not-valid-left
"""A foreign key not tested yet, and row security that does not bind the owner."""

from alembic import op

revision = "f13_context_enabled"
down_revision = "tables"
branch_labels = None
depends_on = None
phase = "contract"


def upgrade():
    op.execute(
        "DELETE FROM orders AS o"
        " WHERE NOT EXISTS (SELECT FROM accounts AS a WHERE a.id = o.account_id)"
    )
    op.execute(
        "ALTER TABLE orders ADD CONSTRAINT fk_orders_account FOREIGN KEY (account_id)"
        " REFERENCES accounts (id) NOT VALID"
    )
    op.execute("ALTER TABLE orders ENABLE ROW LEVEL SECURITY")
    op.execute(
        "CREATE POLICY orders_own ON orders"
        " USING (account_id = nullif(current_setting('app.account', TRUE), '')::bigint)"
    )


def downgrade():
    op.execute("DROP POLICY orders_own ON orders")
    op.execute("ALTER TABLE orders DISABLE ROW LEVEL SECURITY")
    op.execute("ALTER TABLE orders DROP CONSTRAINT fk_orders_account")
