# row: C4
# verdict: safe
# finds: nothing
"""Code that takes the rows as they come."""

import sqlalchemy as sa
from alembic import op

revision = "c4_safe_python"
down_revision = "tables"
branch_labels = None
depends_on = None


def upgrade():
    if not op.get_context().as_sql:
        op.get_bind().execute(sa.text("SELECT id FROM orders LIMIT 1")).first()
    op.execute("CREATE TABLE channels (id bigint PRIMARY KEY)")


def downgrade():
    op.execute("DROP TABLE channels")
