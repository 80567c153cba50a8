# row: E4
# verdict: safe
# finds: nothing
"""jsonb has both."""

from alembic import op

revision = "e4_safe_jsonb"
down_revision = "tables"
branch_labels = None
depends_on = None


def upgrade():
    op.execute("""
        CREATE TABLE answers (id bigint PRIMARY KEY, said jsonb, at timestamptz);
    """)


def downgrade():
    op.execute("""
        DROP TABLE answers;
    """)
