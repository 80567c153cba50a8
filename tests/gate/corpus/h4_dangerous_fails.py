# row: H4
# verdict: dangerous
# finds: nothing
# seen: downgrade-fails
"""A downgrade that fails."""

from alembic import op

revision = "h4_dangerous_fails"
down_revision = "tables"
branch_labels = None
depends_on = None


def upgrade():
    op.execute("CREATE TABLE channels (id bigint PRIMARY KEY)")


def downgrade():
    op.execute("DROP TABLE channel")
