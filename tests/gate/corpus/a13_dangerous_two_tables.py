# row: A13
# verdict: dangerous
# finds: nothing
# seen: locks-several-tables
"""Strong locks on two tables in one transaction."""

from alembic import op

revision = "a13_dangerous_two_tables"
down_revision = "tables"
branch_labels = None
depends_on = None


def upgrade():
    op.execute("ALTER TABLE orders ADD COLUMN channel text")
    op.execute("ALTER TABLE accounts ADD COLUMN channel text")


def downgrade():
    op.execute("ALTER TABLE accounts DROP COLUMN channel")
    op.execute("ALTER TABLE orders DROP COLUMN channel")
