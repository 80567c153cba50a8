# row: B11
# verdict: safe
# finds: nothing
"""A downgrade that undoes."""

from alembic import op

revision = "b11_safe_undoes"
down_revision = "tables"
branch_labels = None
depends_on = None


def upgrade():
    op.execute("ALTER TABLE orders ADD COLUMN channel text")


def downgrade():
    op.execute("ALTER TABLE orders DROP COLUMN channel")
