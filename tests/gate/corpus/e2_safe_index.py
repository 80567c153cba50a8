# row: E2
# verdict: safe
# finds: nothing
"""An index that begins with the column."""

from alembic import op

revision = "e2_safe_index"
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
        CREATE INDEX idx_refunds_order ON refunds (order_id, day);
    """)


def downgrade():
    op.execute("""
        DROP TABLE refunds;
    """)
