# row: E3
# verdict: safe
# finds: nothing
"""An index for some of the rows."""

from alembic import op

revision = "e3_safe_partial"
down_revision = "tables"
branch_labels = None
depends_on = None


def upgrade():
    op.execute("""
        CREATE TABLE refunds (id bigint PRIMARY KEY, day date, cents bigint);
        CREATE INDEX idx_refunds_day ON refunds (day) WHERE cents > 1000;
        CREATE INDEX idx_refunds_day_cents ON refunds (day, cents);
    """)


def downgrade():
    op.execute("""
        DROP TABLE refunds;
    """)
