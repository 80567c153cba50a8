# row: E3
# verdict: dangerous
# finds: nothing
# seen: duplicate-index
"""An index beside the key that is the same."""

from alembic import op

revision = "e3_dangerous_of_key"
down_revision = "tables"
branch_labels = None
depends_on = None


def upgrade():
    op.execute("""
        CREATE TABLE refunds (id bigint PRIMARY KEY, day date);
        CREATE INDEX idx_refunds_id ON refunds (id);
    """)


def downgrade():
    op.execute("""
        DROP TABLE refunds;
    """)
