# row: A5
# verdict: safe
# finds: nothing
"""VALIDATE outside the transaction that added the constraint."""

from alembic import op

revision = "a5_safe_autocommit"
down_revision = "tables"
branch_labels = None
depends_on = None
phase = "contract"


def upgrade():
    op.execute("DELETE FROM orders WHERE account_id NOT IN (SELECT id FROM accounts)")
    op.execute("ALTER TABLE orders DROP CONSTRAINT IF EXISTS fk_orders_account_id")
    op.execute(
        "ALTER TABLE orders ADD CONSTRAINT fk_orders_account_id"
        " FOREIGN KEY (account_id) REFERENCES accounts (id) NOT VALID"
    )
    with op.get_context().autocommit_block():
        op.execute("ALTER TABLE orders VALIDATE CONSTRAINT fk_orders_account_id")


def downgrade():
    op.drop_constraint("fk_orders_account_id", "orders")
