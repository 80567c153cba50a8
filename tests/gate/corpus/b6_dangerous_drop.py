# row: B6
# verdict: dangerous
# finds: cascade
"""DROP … CASCADE."""

from alembic import op

revision = "b6_dangerous_drop"
down_revision = "tables"
branch_labels = None
depends_on = None
phase = "contract"


def upgrade():
    op.execute("DROP TABLE moods CASCADE")


def downgrade():
    op.execute("CREATE TABLE moods (id bigint PRIMARY KEY, mood mood, said text)")
