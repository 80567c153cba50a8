# row: E10
# verdict: noted
# finds: nothing
# notes: extension-unpinned
"""Each server gives the version that it has."""

from alembic import op

revision = "e10_noted_no_version"
down_revision = "tables"
branch_labels = None
depends_on = None


def upgrade():
    op.execute("""
        CREATE EXTENSION IF NOT EXISTS plpgsql;
    """)


def downgrade():
    op.execute("""
        SELECT 1;
    """)
