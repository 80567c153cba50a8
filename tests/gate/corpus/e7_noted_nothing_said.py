# row: E7
# verdict: noted
# finds: nothing
# notes: foreign-key-without-action
"""Nothing is said of ON DELETE."""

from alembic import op

revision = "e7_noted_nothing_said"
down_revision = "tables"
branch_labels = None
depends_on = None


def upgrade():
    op.execute("""
        CREATE TABLE refunds (
            order_id bigint PRIMARY KEY CONSTRAINT refunds_of_order REFERENCES orders
        );
    """)


def downgrade():
    op.execute("""
        DROP TABLE refunds;
    """)
