# row: A19
# verdict: dangerous
# finds: nothing
# seen: locks-table-often
"""One revision that locks a table in one transaction after the other."""

from alembic import op

revision = "a19_dangerous_one_revision"
down_revision = "tables"
branch_labels = None
depends_on = None


def upgrade():
    for number in range(4):
        with op.get_context().autocommit_block():
            op.execute(f"ALTER TABLE orders ADD COLUMN IF NOT EXISTS extra_{number} text")


def downgrade():
    for number in range(4):
        op.execute(f"ALTER TABLE orders DROP COLUMN extra_{number}")
