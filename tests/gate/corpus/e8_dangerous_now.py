# row: E8
# verdict: dangerous
# finds: nothing
# seen: check-depends-on-time
"""A rule that yesterday's rows break."""

from alembic import op

revision = "e8_dangerous_now"
down_revision = "tables"
branch_labels = None
depends_on = None


def upgrade():
    op.execute("""
        CREATE TABLE refunds (
            id bigint PRIMARY KEY,
            due timestamptz,
            CONSTRAINT ck_refunds_due CHECK (due > now())
        );
    """)


def downgrade():
    op.execute("""
        DROP TABLE refunds;
    """)
