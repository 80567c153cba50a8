# row: E2
# verdict: safe
# finds: nothing
"""A unique key that begins with the column."""

from alembic import op

revision = "e2_safe_key"
down_revision = "tables"
branch_labels = None
depends_on = None


def upgrade():
    op.execute("""
        CREATE TABLE refunds (
            order_id bigint CONSTRAINT refunds_of_order REFERENCES orders ON DELETE CASCADE,
            number integer,
            PRIMARY KEY (order_id, number)
        );
    """)


def downgrade():
    op.execute("""
        DROP TABLE refunds;
    """)
