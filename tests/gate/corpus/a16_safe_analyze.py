# row: A16
# verdict: safe
# finds: nothing
"""ANALYZE, which stops nobody."""

from alembic import op

revision = "a16_safe_analyze"
down_revision = "tables"
branch_labels = None
depends_on = None


def upgrade():
    op.execute("ANALYZE orders")


def downgrade():
    pass
