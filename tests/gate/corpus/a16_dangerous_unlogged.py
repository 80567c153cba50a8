# row: A16
# verdict: dangerous
# finds: rewriting-command
# seen: rewrites-table
"""SET UNLOGGED copies the table."""

from alembic import op

revision = "a16_dangerous_unlogged"
down_revision = "tables"
branch_labels = None
depends_on = None


def upgrade():
    op.execute("ALTER TABLE orders SET UNLOGGED")


def downgrade():
    op.execute("ALTER TABLE orders SET LOGGED")
