# row: H4
# verdict: dangerous
# finds: nothing
# seen: downgrade-leaves-trace
"""A downgrade that forgets a view."""

from alembic import op

revision = "h4_dangerous_left"
down_revision = "tables"
branch_labels = None
depends_on = None


def upgrade():
    op.execute("CREATE VIEW orders_read AS SELECT id, status FROM orders")
    op.execute("CREATE TABLE channels (id bigint PRIMARY KEY)")


def downgrade():
    op.execute("DROP TABLE channels")
