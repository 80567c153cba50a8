# row: E9
# verdict: safe
# finds: nothing
"""Nobody here comments."""

from alembic import op

revision = "e9_safe_nowhere"
down_revision = "tables"
branch_labels = None
depends_on = None


def upgrade():
    op.execute("""
        CREATE TABLE answers (id bigint PRIMARY KEY);
    """)


def downgrade():
    op.execute("""
        DROP TABLE answers;
    """)
