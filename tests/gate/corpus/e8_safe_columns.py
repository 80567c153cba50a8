# row: E8
# verdict: safe
# finds: nothing
"""Two columns of the row are compared, by an operator that the time zone has a say in."""

from alembic import op

revision = "e8_safe_columns"
down_revision = "tables"
branch_labels = None
depends_on = None


def upgrade():
    op.execute("""
        CREATE TABLE refunds (
            id bigint PRIMARY KEY,
            asked timestamptz,
            due timestamptz,
            CONSTRAINT ck_refunds_due CHECK (due <= asked + interval '30 days'),
            CONSTRAINT ck_refunds_asked CHECK (lower('A') = 'a')
        );
    """)


def downgrade():
    op.execute("""
        DROP TABLE refunds;
    """)
