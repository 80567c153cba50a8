# row: A18
# verdict: context
# finds: nothing
"""Sales by number, and the old ones in a table of their own."""

from alembic import op

revision = "a18_context_partitions"
down_revision = "tables"
branch_labels = None
depends_on = None


def upgrade():
    op.execute("""
        CREATE TABLE sales (id bigint PRIMARY KEY, cents bigint) PARTITION BY RANGE (id);
        CREATE TABLE sales_2 PARTITION OF sales FOR VALUES FROM (1000000000) TO (2000000000);
        CREATE TABLE sales_1 (id bigint PRIMARY KEY, cents bigint);
    """)


def downgrade():
    op.execute("DROP TABLE sales_1")
    op.execute("DROP TABLE sales")
