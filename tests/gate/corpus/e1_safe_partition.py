# row: E1
# verdict: safe
# finds: nothing
"""The key of a partitioned table is that of its partitions."""

from alembic import op

revision = "e1_safe_partition"
down_revision = "tables"
branch_labels = None
depends_on = None


def upgrade():
    op.execute("""
        CREATE TABLE clicks (id bigint, at timestamptz, PRIMARY KEY (id, at)) PARTITION BY RANGE (at);
        CREATE TABLE clicks_2027 PARTITION OF clicks FOR VALUES FROM ('2027-01-01') TO ('2028-01-01');
    """)


def downgrade():
    op.execute("""
        DROP TABLE clicks;
    """)
