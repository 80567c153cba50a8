# row: A6
# verdict: context
# finds: not-valid-left
"""A CHECK for new rows, in a revision that mends nothing."""

from alembic import op

revision = "a6_context_proof_1b"
down_revision = "tables"
branch_labels = None
depends_on = None
phase = "contract"


def upgrade():
    op.execute(
        "ALTER TABLE orders ADD CONSTRAINT orders_account_id_present CHECK (account_id IS NOT NULL) NOT VALID"
    )


def downgrade():
    op.execute("ALTER TABLE orders DROP CONSTRAINT orders_account_id_present")
