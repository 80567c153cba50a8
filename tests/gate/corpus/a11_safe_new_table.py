# row: A11
# verdict: safe
# finds: nothing
# lock_timeout: none
"""No timeout, and no lock that anybody meets."""

from alembic import op

revision = "a11_safe_new_table"
down_revision = "tables"
branch_labels = None
depends_on = None


def upgrade():
    op.execute("CREATE TABLE channels (id bigint PRIMARY KEY)")


def downgrade():
    op.execute("DROP TABLE channels")
