# row: A18
# verdict: safe
# finds: nothing
# after: a18_context_partitions
"""A new table that is attached when it stands."""

from alembic import op

revision = "a18_safe_made_beside"
down_revision = "a18_context_partitions"
branch_labels = None
depends_on = None


def upgrade():
    op.execute("CREATE TABLE sales_3 (LIKE sales INCLUDING ALL)")
    op.execute(
        "ALTER TABLE sales ATTACH PARTITION sales_3 FOR VALUES FROM (2000000000) TO (3000000000)"
    )


def downgrade():
    op.execute("DROP TABLE sales_3")
