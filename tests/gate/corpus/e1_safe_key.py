# row: E1
# verdict: safe
# finds: nothing
"""A key of two columns."""

from alembic import op

revision = "e1_safe_key"
down_revision = "tables"
branch_labels = None
depends_on = None


def upgrade():
    op.execute("""
        CREATE TABLE clicks (at timestamptz, page text, PRIMARY KEY (at, page));
    """)


def downgrade():
    op.execute("""
        DROP TABLE clicks;
    """)
