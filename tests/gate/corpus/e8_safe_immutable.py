# row: E8
# verdict: safe
# finds: nothing
"""A function that answers the same for ever."""

from alembic import op

revision = "e8_safe_immutable"
down_revision = "tables"
branch_labels = None
depends_on = None


def upgrade():
    op.execute("""
        CREATE TABLE refunds (
            id bigint PRIMARY KEY,
            code text,
            CONSTRAINT ck_refunds_code CHECK (length(trim(code)) > 3)
        );
    """)


def downgrade():
    op.execute("""
        DROP TABLE refunds;
    """)
