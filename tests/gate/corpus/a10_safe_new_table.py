# row: A10
# verdict: safe
# finds: nothing
"""A new table with an exclusion constraint."""

from alembic import op

revision = "a10_safe_new_table"
down_revision = "tables"
branch_labels = None
depends_on = None


def upgrade():
    op.execute(
        "CREATE TABLE stays (id bigint PRIMARY KEY, during tstzrange, EXCLUDE USING gist (during WITH &&))"
    )


def downgrade():
    op.execute("DROP TABLE stays")
