# row: D6
# verdict: dangerous
# finds: application-import
"""The same import inside a function."""

from alembic import op

revision = "d6_dangerous_inside"
down_revision = "tables"
branch_labels = None
depends_on = None


def upgrade():
    from shop import models

    op.execute(f"ALTER TABLE orders ADD COLUMN {models.COLUMN} text")


def downgrade():
    op.execute("ALTER TABLE orders DROP COLUMN channel")
