# row: A18
# verdict: context
# finds: may-fail-on-violations
# after: a18_context_proof
"""Every row keeps to it."""

from alembic import op

revision = "a18_context_proof_valid"
down_revision = "a18_context_proof"
branch_labels = None
depends_on = None


def upgrade():
    op.execute("ALTER TABLE sales_1 VALIDATE CONSTRAINT chk_sales_1_bounds")


def downgrade():
    pass
