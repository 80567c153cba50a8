# row: D1
# verdict: safe
# finds: nothing
"""A savepoint inside Alembic's transaction."""

from alembic import op

revision = "d1_safe_savepoint"
down_revision = "tables"
branch_labels = None
depends_on = None


def upgrade():
    op.execute("SAVEPOINT before_it")
    op.execute("ALTER TABLE orders ADD COLUMN channel text")
    op.execute("RELEASE SAVEPOINT before_it")


def downgrade():
    op.execute("ALTER TABLE orders DROP COLUMN channel")
