# row: B11
# verdict: dangerous
# finds: downgrade-missing
# seen: downgrade-leaves-trace
"""A downgrade that returns."""

from alembic import op

revision = "b11_dangerous_return"
down_revision = "tables"
branch_labels = None
depends_on = None


def upgrade():
    op.execute("CREATE TABLE tags (id bigint PRIMARY KEY)")


def downgrade():
    return
