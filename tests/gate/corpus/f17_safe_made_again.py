# row: F17
# verdict: safe
# finds: nothing
"""The function is made anew with its table."""

from alembic import op

revision = "f17_safe_made_again"
down_revision = "tables"
branch_labels = None
depends_on = None


def upgrade():
    op.execute("""
        CREATE TABLE refunds (id bigint PRIMARY KEY, cents bigint);
        CREATE FUNCTION refunded() RETURNS numeric LANGUAGE sql STABLE
        AS $$ SELECT sum(cents) FROM public.refunds $$;
        ALTER TABLE refunds RENAME TO returns;
        CREATE OR REPLACE FUNCTION refunded() RETURNS numeric LANGUAGE sql STABLE
        AS $$ SELECT sum(cents) FROM public.returns $$;
    """)


def downgrade():
    op.execute("""
        DROP FUNCTION refunded();
        DROP TABLE returns;
    """)
