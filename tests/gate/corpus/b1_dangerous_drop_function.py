# row: B1
# verdict: dangerous
# finds: object-dropped
"""A function that the running service calls."""

from alembic import op

revision = "b1_dangerous_drop_function"
down_revision = "tables"
branch_labels = None
depends_on = None


def upgrade():
    op.execute("DROP FUNCTION order_total(bigint)")


def downgrade():
    raise NotImplementedError("restore a backup")
