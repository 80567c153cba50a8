# row: F13
# verdict: safe
# finds: nothing
# after: f13_context_enabled
"""A validation by the owner, whom row security does not bind."""

from alembic import op

revision = "f13_safe_not_forced"
down_revision = "f13_context_enabled"
branch_labels = None
depends_on = None


def upgrade():
    op.execute("ALTER TABLE orders VALIDATE CONSTRAINT fk_orders_account")


def downgrade():
    pass
