# row: E2
# verdict: dangerous
# finds: nothing
# seen: foreign-key-without-index
"""An index that has the column behind another."""

from alembic import op

revision = "e2_dangerous_second_column"
down_revision = "tables"
branch_labels = None
depends_on = None


def upgrade():
    op.execute("""
        CREATE TABLE refunds (
            id bigint PRIMARY KEY,
            day date NOT NULL,
            order_id bigint NOT NULL CONSTRAINT refunds_of_order REFERENCES orders ON DELETE CASCADE
        );
        CREATE INDEX idx_refunds_day ON refunds (day, order_id);
    """)


def downgrade():
    op.execute("""
        DROP TABLE refunds;
    """)
