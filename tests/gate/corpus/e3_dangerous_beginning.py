# row: E3
# verdict: dangerous
# finds: nothing
# seen: duplicate-index
"""An index that is the beginning of another."""

from alembic import op

revision = "e3_dangerous_beginning"
down_revision = "tables"
branch_labels = None
depends_on = None


def upgrade():
    op.execute("""
        CREATE TABLE refunds (id bigint PRIMARY KEY, day date, cents bigint);
        CREATE INDEX idx_refunds_day ON refunds (day);
        CREATE INDEX idx_refunds_day_cents ON refunds (day, cents);
    """)


def downgrade():
    op.execute("""
        DROP TABLE refunds;
    """)
