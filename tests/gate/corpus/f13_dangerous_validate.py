# row: F13
# verdict: dangerous
# finds: may-fail-on-violations
# seen: foreign-key-hidden
# after: f13_context_key
"""A validation that passes over the rows that it does not see."""

from alembic import op

revision = "f13_dangerous_validate"
down_revision = "f13_context_key"
branch_labels = None
depends_on = None


def upgrade():
    op.execute("ALTER TABLE orders VALIDATE CONSTRAINT fk_orders_account")


def downgrade():
    pass
