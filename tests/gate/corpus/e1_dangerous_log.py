# row: E1
# verdict: dangerous
# finds: nothing
# seen: table-without-primary-key
"""A table whose rows nothing tells apart."""

from alembic import op

revision = "e1_dangerous_log"
down_revision = "tables"
branch_labels = None
depends_on = None


def upgrade():
    op.execute("""
        CREATE TABLE clicks (at timestamptz NOT NULL, page text NOT NULL);
    """)


def downgrade():
    op.execute("""
        DROP TABLE clicks;
    """)
