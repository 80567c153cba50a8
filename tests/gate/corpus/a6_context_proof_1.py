# row: A6
# verdict: context
# finds: not-valid-left
"""A CHECK that proves the column full, for new rows."""

from alembic import op

revision = "a6_context_proof_1"
down_revision = "tables"
branch_labels = None
depends_on = None
phase = "contract"


def upgrade():
    op.execute("UPDATE orders SET account_id = 0 WHERE account_id IS NULL")
    op.execute(
        "ALTER TABLE orders ADD CONSTRAINT orders_account_id_present CHECK (account_id IS NOT NULL) NOT VALID"
    )


def downgrade():
    op.execute("ALTER TABLE orders DROP CONSTRAINT orders_account_id_present")
