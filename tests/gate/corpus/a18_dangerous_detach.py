# row: A18
# verdict: dangerous
# finds: partition-detach-locks
# after: a18_context_partitions
"""A partition that leaves while all of them are closed."""

from alembic import op

revision = "a18_dangerous_detach"
down_revision = "a18_context_partitions"
branch_labels = None
depends_on = None


def upgrade():
    op.execute("ALTER TABLE sales DETACH PARTITION sales_2")


def downgrade():
    raise NotImplementedError("the table has been read, and stays where it is")
