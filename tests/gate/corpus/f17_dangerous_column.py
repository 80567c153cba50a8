# row: F17
# verdict: dangerous
# finds: nothing
# seen: function-broken
"""A column goes that a function reads."""

from alembic import op

revision = "f17_dangerous_column"
down_revision = "tables"
branch_labels = None
depends_on = None


def upgrade():
    op.execute("""
        CREATE TABLE refunds (id bigint PRIMARY KEY, cents bigint, note text);
        CREATE FUNCTION refunded() RETURNS numeric LANGUAGE sql STABLE
        AS $$ SELECT sum(cents) FROM public.refunds $$;
        ALTER TABLE refunds DROP COLUMN cents;
    """)


def downgrade():
    op.execute("""
        DROP FUNCTION refunded();
        DROP TABLE refunds;
    """)
