# row: C2
# verdict: dangerous
# finds: may-fail-on-violations
# after: c2_context_not_valid
"""VALIDATE over rows that nobody looked at."""

from alembic import op

revision = "c2_dangerous_validate"
down_revision = "c2_context_not_valid"
branch_labels = None
depends_on = None


def upgrade():
    op.execute("ALTER TABLE orders VALIDATE CONSTRAINT chk_orders_code")


def downgrade():
    pass
