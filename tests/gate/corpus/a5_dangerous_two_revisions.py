# row: A5
# verdict: dangerous
# finds: validate-in-same-transaction
# after: a4_context_not_valid
# transactions: one for all revisions
"""VALIDATE in the next revision, and one transaction around both."""

from alembic import op

revision = "a5_dangerous_two_revisions"
down_revision = "a4_context_not_valid"
branch_labels = None
depends_on = None


def upgrade():
    op.execute("ALTER TABLE orders VALIDATE CONSTRAINT chk_orders_amount")


def downgrade():
    pass
