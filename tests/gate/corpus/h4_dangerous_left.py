# row: H4
# verdict: dangerous
# finds: nothing
# seen: downgrade-leaves-trace, second-upgrade-differs
"""A downgrade that forgets a policy."""

from alembic import op

revision = "h4_dangerous_left"
down_revision = "tables"
branch_labels = None
depends_on = None


def upgrade():
    op.execute("CREATE POLICY orders_read ON orders FOR SELECT USING (TRUE)")
    op.execute("CREATE TABLE channels (id bigint PRIMARY KEY)")


def downgrade():
    op.execute("DROP TABLE channels")
