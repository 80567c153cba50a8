# row: D7
# verdict: dangerous
# finds: sql-not-parsed
# seen: upgrade-fails
"""SQL that PostgreSQL does not understand."""

from alembic import op

revision = "d7_dangerous_typo"
down_revision = "tables"
branch_labels = None
depends_on = None


def upgrade():
    op.execute("ALTER TABEL orders ADD COLUMN channel text")


def downgrade():
    op.execute("ALTER TABLE orders DROP COLUMN channel")
