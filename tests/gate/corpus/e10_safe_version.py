# row: E10
# verdict: safe
# finds: nothing
"""A version is named."""

from alembic import op

revision = "e10_safe_version"
down_revision = "tables"
branch_labels = None
depends_on = None


def upgrade():
    op.execute("""
        CREATE EXTENSION IF NOT EXISTS plpgsql VERSION '1.0';
    """)


def downgrade():
    op.execute("""
        SELECT 1;
    """)
