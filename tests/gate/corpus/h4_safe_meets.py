# row: H4
# verdict: safe
# finds: nothing
"""Down and up meet."""

from alembic import op

revision = "h4_safe_meets"
down_revision = "tables"
branch_labels = None
depends_on = None


def upgrade():
    op.execute("ALTER TABLE accounts ALTER COLUMN kind SET DEFAULT 'full'")


def downgrade():
    op.execute("ALTER TABLE accounts ALTER COLUMN kind SET DEFAULT 'plain'")
