# row: A10
# verdict: safe
# finds: nothing
"""An exclusion constraint added to a table of the same revision."""

from alembic import op

revision = "a10_safe_added_to_new_table"
down_revision = "tables"
branch_labels = None
depends_on = None


def upgrade():
    op.execute("CREATE TABLE stays (id bigint PRIMARY KEY, during tstzrange)")
    op.execute("ALTER TABLE stays ADD CONSTRAINT one_stay EXCLUDE USING gist (during WITH &&)")


def downgrade():
    op.execute("DROP TABLE stays")
