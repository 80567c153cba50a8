# row: E5
# verdict: safe
# finds: nothing
"""An identity column."""

from alembic import op

revision = "e5_safe_identity"
down_revision = "tables"
branch_labels = None
depends_on = None


def upgrade():
    op.execute("""
        CREATE TABLE answers (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY);
    """)


def downgrade():
    op.execute("""
        DROP TABLE answers;
    """)
