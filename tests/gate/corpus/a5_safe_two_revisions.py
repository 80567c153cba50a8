# row: A5
# verdict: safe
# finds: nothing
# after: a4_context_not_valid
"""VALIDATE in the next revision, which is a transaction of its own."""

from alembic import op

revision = "a5_safe_two_revisions"
down_revision = "a4_context_not_valid"
branch_labels = None
depends_on = None


def upgrade():
    op.execute("ALTER TABLE orders VALIDATE CONSTRAINT chk_orders_amount")


def downgrade():
    pass
