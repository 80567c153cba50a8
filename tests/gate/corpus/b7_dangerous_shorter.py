# row: B7
# verdict: dangerous
# finds: type-change-rewrites, type-narrowed
# seen: fails-on-rows
"""A shorter varchar."""

from alembic import op

revision = "b7_dangerous_shorter"
down_revision = "tables"
branch_labels = None
depends_on = None


def upgrade():
    op.execute("ALTER TABLE accounts ALTER COLUMN name TYPE varchar(10)")


def downgrade():
    op.execute("ALTER TABLE accounts ALTER COLUMN name TYPE varchar(40)")
