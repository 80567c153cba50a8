# row: A18
# verdict: dangerous
# finds: partition-created-in-place
# after: a18_context_partitions
"""A new partition that is made in its place."""

from alembic import op

revision = "a18_dangerous_made_inside"
down_revision = "a18_context_partitions"
branch_labels = None
depends_on = None


def upgrade():
    op.execute(
        "CREATE TABLE sales_3 PARTITION OF sales FOR VALUES FROM (2000000000) TO (3000000000)"
    )


def downgrade():
    op.execute("DROP TABLE sales_3")
