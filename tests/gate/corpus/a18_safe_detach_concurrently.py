# row: A18
# verdict: safe
# finds: nothing
# after: a18_context_partitions
"""A partition that leaves beside its readers."""

from alembic import op

revision = "a18_safe_detach_concurrently"
down_revision = "a18_context_partitions"
branch_labels = None
depends_on = None


def upgrade():
    with op.get_context().autocommit_block():
        op.execute("ALTER TABLE sales DETACH PARTITION sales_2 CONCURRENTLY")


def downgrade():
    raise NotImplementedError("the table has been read, and stays where it is")
