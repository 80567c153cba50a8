# row: A6
# verdict: dangerous
# finds: may-fail-on-violations, set-not-null-scans, write-restricted
"""NOT NULL on a column in use."""

from alembic import op

revision = "a6_dangerous_set_not_null"
down_revision = "tables"
branch_labels = None
depends_on = None


def upgrade():
    op.alter_column("orders", "account_id", nullable=False)


def downgrade():
    op.alter_column("orders", "account_id", nullable=True)
