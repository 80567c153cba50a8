# row: E4
# verdict: noted
# finds: nothing
# notes: type-to-avoid
"""json has no equality and no index."""

from alembic import op

revision = "e4_noted_json"
down_revision = "tables"
branch_labels = None
depends_on = None


def upgrade():
    op.execute("""
        CREATE TABLE answers (id bigint PRIMARY KEY, said json);
    """)


def downgrade():
    op.execute("""
        DROP TABLE answers;
    """)
