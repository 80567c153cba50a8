# row: A8
# verdict: dangerous
# finds: column-default-rewrites
"""A stored generated column."""

from alembic import op

revision = "a8_dangerous_stored"
down_revision = "tables"
branch_labels = None
depends_on = None


def upgrade():
    op.execute(
        "ALTER TABLE orders ADD COLUMN cents bigint GENERATED ALWAYS AS (amount * 100) STORED"
    )


def downgrade():
    op.execute("ALTER TABLE orders DROP COLUMN cents")
