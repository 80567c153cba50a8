# row: B5
# verdict: dangerous
# finds: guarantee-dropped, set-not-null-scans
"""A column that readers rely on may be NULL."""

from alembic import op

revision = "b5_dangerous_not_null"
down_revision = "tables"
branch_labels = None
depends_on = None


def upgrade():
    op.alter_column("accounts", "name", nullable=True)


def downgrade():
    op.execute("ALTER TABLE accounts ALTER COLUMN name SET NOT NULL")
