# row: A7
# verdict: safe
# finds: nothing
"""A longer varchar, which only the catalog notes."""

from alembic import op

revision = "a7_safe_longer_varchar"
down_revision = "tables"
branch_labels = None
depends_on = None


def upgrade():
    op.execute("ALTER TABLE accounts ALTER COLUMN name TYPE varchar(80)")


def downgrade():
    raise NotImplementedError("a narrower type would rewrite the table")
