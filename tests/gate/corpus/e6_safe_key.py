# row: E6
# verdict: safe
# finds: nothing
"""The server names keys and NOT NULL, which nobody drops by name."""

from alembic import op

revision = "e6_safe_key"
down_revision = "tables"
branch_labels = None
depends_on = None


def upgrade():
    op.execute("""
        CREATE TABLE refunds (id bigint PRIMARY KEY, cents bigint NOT NULL);
    """)


def downgrade():
    op.execute("""
        DROP TABLE refunds;
    """)
