# row: E9
# verdict: noted
# finds: nothing
# notes: comment-missing
"""One table says what it is for, and the other nothing."""

from alembic import op

revision = "e9_noted_one_of_two"
down_revision = "tables"
branch_labels = None
depends_on = None


def upgrade():
    op.execute("""
        CREATE TABLE answers (id bigint PRIMARY KEY);
        COMMENT ON TABLE answers IS 'What was said.';
        COMMENT ON COLUMN answers.id IS 'Counts up.';
        CREATE TABLE questions (id bigint PRIMARY KEY);
    """)


def downgrade():
    op.execute("""
        DROP TABLE questions;
        DROP TABLE answers;
    """)
