# row: A18
# verdict: dangerous
# finds: partition-attach-scans
# after: a18_context_partitions
"""A table in use becomes a partition, and every row of it is tested."""

from alembic import op

revision = "a18_dangerous_attach"
down_revision = "a18_context_partitions"
branch_labels = None
depends_on = None


def upgrade():
    op.execute("ALTER TABLE sales ATTACH PARTITION sales_1 FOR VALUES FROM (0) TO (1000000000)")


def downgrade():
    raise NotImplementedError("the table has been read, and stays where it is")
