# row: E2
# verdict: dangerous
# finds: nothing
# seen: foreign-key-without-index
"""A reference without an index."""

from alembic import op

revision = "e2_dangerous_no_index"
down_revision = "tables"
branch_labels = None
depends_on = None


def upgrade():
    op.execute("""
        CREATE TABLE refunds (
            id bigint PRIMARY KEY,
            order_id bigint NOT NULL CONSTRAINT refunds_of_order REFERENCES orders ON DELETE CASCADE
        );
    """)


def downgrade():
    op.execute("""
        DROP TABLE refunds;
    """)
