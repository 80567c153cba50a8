# row: C2
# verdict: dangerous
# finds: may-fail-on-violations
"""A foreign key over rows that nobody looked at."""

from alembic import op

revision = "c2_dangerous_foreign_key"
down_revision = "tables"
branch_labels = None
depends_on = None
phase = "contract"


def upgrade():
    op.execute("ALTER TABLE orders DROP CONSTRAINT IF EXISTS fk_orders_account_id")
    op.execute(
        "ALTER TABLE orders ADD CONSTRAINT fk_orders_account_id"
        " FOREIGN KEY (account_id) REFERENCES accounts (id) NOT VALID"
    )
    with op.get_context().autocommit_block():
        op.execute("ALTER TABLE orders VALIDATE CONSTRAINT fk_orders_account_id")


def downgrade():
    op.drop_constraint("fk_orders_account_id", "orders")
