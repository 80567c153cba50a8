# row: B1
# verdict: dangerous
# finds: object-dropped
"""A table that the running service reads."""

from alembic import op

revision = "b1_dangerous_drop_table"
down_revision = "tables"
branch_labels = None
depends_on = None


def upgrade():
    op.drop_table("moods")


def downgrade():
    op.execute("CREATE TABLE moods (id bigint PRIMARY KEY, mood mood, said text)")
