# row: B7
# verdict: safe
# finds: nothing
"""A shorter type for a column of a table that nobody has used yet."""

from alembic import op

revision = "b7_safe_of_new_table"
down_revision = "tables"
branch_labels = None
depends_on = None


def upgrade():
    op.execute("CREATE TABLE slugs (id bigint PRIMARY KEY, slug varchar(40))")
    op.execute("ALTER TABLE slugs ALTER COLUMN slug TYPE varchar(20)")


def downgrade():
    op.execute("DROP TABLE slugs")
