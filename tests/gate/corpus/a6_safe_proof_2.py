# row: A6
# verdict: safe
# finds: nothing
# after: a6_context_proof_1
"""The CHECK holds for all rows, so NOT NULL need not read them."""

from alembic import op

revision = "a6_safe_proof_2"
down_revision = "a6_context_proof_1"
branch_labels = None
depends_on = None


def upgrade():
    op.execute("ALTER TABLE orders VALIDATE CONSTRAINT orders_account_id_present")


def downgrade():
    pass
