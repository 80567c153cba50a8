# row: A7
# verdict: dangerous
# finds: type-change-rewrites
# seen: work-after-exclusive-lock
"""A shorter type for a column of the same revision: it is empty, and the table is written anew."""

from alembic import op

revision = "a7_dangerous_of_new_column"
down_revision = "tables"
branch_labels = None
depends_on = None


def upgrade():
    op.execute("ALTER TABLE orders ADD COLUMN slug varchar(40)")
    op.execute("ALTER TABLE orders ALTER COLUMN slug TYPE varchar(20)")


def downgrade():
    op.execute("ALTER TABLE orders DROP COLUMN slug")
