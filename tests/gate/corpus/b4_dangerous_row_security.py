# row: B4
# verdict: dangerous
# finds: write-restricted
# seen: view-passes-policies
"""Row level security on a table in use."""

from alembic import op

revision = "b4_dangerous_row_security"
down_revision = "tables"
branch_labels = None
depends_on = None


def upgrade():
    op.execute("ALTER TABLE orders ENABLE ROW LEVEL SECURITY")


def downgrade():
    op.execute("ALTER TABLE orders DISABLE ROW LEVEL SECURITY")
