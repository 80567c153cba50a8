# row: E8
# verdict: dangerous
# finds: nothing
# seen: check-depends-on-time
"""The same by CURRENT_DATE."""

from alembic import op

revision = "e8_dangerous_today"
down_revision = "tables"
branch_labels = None
depends_on = None


def upgrade():
    op.execute("""
        CREATE TABLE refunds (
            id bigint PRIMARY KEY,
            due date,
            CONSTRAINT ck_refunds_due CHECK (due >= CURRENT_DATE)
        );
    """)


def downgrade():
    op.execute("""
        DROP TABLE refunds;
    """)
