# row: A18
# verdict: context
# finds: nothing
"""Sales by year, and those of an old year in a table of its own."""

from alembic import op

revision = "a18_context_partitions"
down_revision = "tables"
branch_labels = None
depends_on = None


def upgrade():
    op.execute("""
        CREATE TABLE sales (id bigint, year integer NOT NULL, PRIMARY KEY (id, year))
            PARTITION BY LIST (year);
        CREATE TABLE sales_2025 PARTITION OF sales FOR VALUES IN (2025);
        CREATE TABLE sales_2024 (
            id bigint, year integer NOT NULL DEFAULT 2024 CHECK (year > 0), PRIMARY KEY (id, year)
        );
    """)


def downgrade():
    op.execute("DROP TABLE sales_2024")
    op.execute("DROP TABLE sales")
