# row: C4
# verdict: safe
# finds: nothing
"""A value that is right with rows and without."""

from alembic import op

revision = "c4_safe_rows_or_none"
down_revision = "tables"
branch_labels = None
depends_on = None


def upgrade():
    op.execute("UPDATE accounts SET credit = 1 / coalesce(nullif(credit, 0), 1) WHERE id = 1")


def downgrade():
    pass
