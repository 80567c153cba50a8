# row: A6
# verdict: dangerous
# finds: may-fail-on-violations, set-not-null-scans
# after: a6_context_proof_1b
"""A CHECK that proves nothing yet: it is NOT VALID."""

from alembic import op

revision = "a6_dangerous_not_validated"
down_revision = "a6_context_proof_1b"
branch_labels = None
depends_on = None
phase = "contract"


def upgrade():
    op.execute("ALTER TABLE orders ALTER COLUMN account_id SET NOT NULL")


def downgrade():
    op.execute("ALTER TABLE orders ALTER COLUMN account_id DROP NOT NULL")
