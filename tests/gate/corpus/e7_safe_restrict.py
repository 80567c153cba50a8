# row: E7
# verdict: safe
# finds: nothing
"""It is said."""

from alembic import op

revision = "e7_safe_restrict"
down_revision = "tables"
branch_labels = None
depends_on = None


def upgrade():
    op.execute("""
        CREATE TABLE refunds (
            order_id bigint PRIMARY KEY CONSTRAINT refunds_of_order REFERENCES orders ON DELETE RESTRICT
        );
    """)


def downgrade():
    op.execute("""
        DROP TABLE refunds;
    """)
