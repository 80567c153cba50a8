# row: H4
# verdict: safe
# finds: nothing
"""A revision that says that there is no way back."""

from alembic import op

revision = "h4_safe_refused"
down_revision = "tables"
branch_labels = None
depends_on = None


def upgrade():
    op.execute("CREATE TABLE channels (id bigint PRIMARY KEY)")


def downgrade():
    raise NotImplementedError("the channels are needed from now on")
