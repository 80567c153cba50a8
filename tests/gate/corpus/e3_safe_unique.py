# row: E3
# verdict: safe
# finds: nothing
"""A key is no mere index."""

from alembic import op

revision = "e3_safe_unique"
down_revision = "tables"
branch_labels = None
depends_on = None


def upgrade():
    op.execute("""
        CREATE TABLE refunds (
            id bigint PRIMARY KEY,
            day date CONSTRAINT uq_refunds_day UNIQUE,
            cents bigint
        );
        CREATE INDEX idx_refunds_day_cents ON refunds (day, cents);
    """)


def downgrade():
    op.execute("""
        DROP TABLE refunds;
    """)
