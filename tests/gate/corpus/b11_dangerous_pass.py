# row: B11
# verdict: dangerous
# finds: downgrade-missing
# seen: downgrade-leaves-trace
"""A downgrade that undoes nothing."""

from alembic import op

revision = "b11_dangerous_pass"
down_revision = "tables"
branch_labels = None
depends_on = None


def upgrade():
    op.execute("ALTER TABLE orders ADD COLUMN channel text")


def downgrade():
    pass
