# row: C4
# verdict: dangerous
# finds: nothing
# seen: fails-on-rows
"""Code that expects no more than one row."""

import sqlalchemy as sa
from alembic import op

revision = "c4_dangerous_python"
down_revision = "tables"
branch_labels = None
depends_on = None


def upgrade():
    if not op.get_context().as_sql:
        op.get_bind().execute(sa.text("SELECT id FROM orders")).one_or_none()
    op.execute("CREATE TABLE channels (id bigint PRIMARY KEY)")


def downgrade():
    op.execute("DROP TABLE channels")
