# row: A14
# verdict: safe
# finds: nothing
"""Rows of a table that the revision makes."""

from alembic import op

revision = "a14_safe_rows_of_new_table"
down_revision = "tables"
branch_labels = None
depends_on = None


def upgrade():
    op.execute("CREATE TABLE channels (name text PRIMARY KEY)")
    op.execute("INSERT INTO channels VALUES ('web'), ('shop')")


def downgrade():
    op.execute("DROP TABLE channels")
