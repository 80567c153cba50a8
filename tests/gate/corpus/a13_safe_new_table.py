# row: A13
# verdict: safe
# finds: nothing
"""One table in use and one that is new."""

from alembic import op

revision = "a13_safe_new_table"
down_revision = "tables"
branch_labels = None
depends_on = None


def upgrade():
    op.execute("CREATE TABLE channels (id bigint PRIMARY KEY)")
    op.execute("ALTER TABLE orders ADD COLUMN channel text")


def downgrade():
    op.execute("ALTER TABLE orders DROP COLUMN channel")
    op.execute("DROP TABLE channels")
