# row: D5
# verdict: safe
# finds: nothing
"""A look at the database that the offline script leaves out."""

import sqlalchemy as sa
from alembic import op

revision = "d5_safe_online_only"
down_revision = "tables"
branch_labels = None
depends_on = None


def upgrade():
    if not op.get_context().as_sql:
        op.get_bind().execute(sa.text("SELECT count(*) FROM orders")).scalar()
    op.execute("ALTER TABLE orders ADD COLUMN channel text")


def downgrade():
    op.execute("ALTER TABLE orders DROP COLUMN channel")
