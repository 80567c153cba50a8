# row: A6
# verdict: dangerous
# finds: set-not-null-scans
# after: a6_safe_proof_2
"""A validated CHECK, but on another column."""

from alembic import op

revision = "a6_dangerous_other_column_proved"
down_revision = "a6_safe_proof_2"
branch_labels = None
depends_on = None
phase = "contract"


def upgrade():
    op.execute("UPDATE orders SET placed = now() WHERE placed IS NULL")
    op.execute("ALTER TABLE orders ALTER COLUMN placed SET NOT NULL")


def downgrade():
    op.execute("ALTER TABLE orders ALTER COLUMN placed DROP NOT NULL")
