# row: F4
# verdict: dangerous
# finds: nothing
# seen: owner-passes-policies
"""Forced, and then not."""

from alembic import op

revision = "f4_dangerous_switched_back"
down_revision = "tables"
branch_labels = None
depends_on = None


def upgrade():
    op.execute("""
        CREATE TABLE events (
            id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
            tenant_id uuid NOT NULL
        );
        ALTER TABLE events ENABLE ROW LEVEL SECURITY;
        ALTER TABLE events FORCE ROW LEVEL SECURITY;
        CREATE POLICY events_isolation ON events
            USING (tenant_id = (SELECT NULLIF(current_setting('app.tenant_id', TRUE), '')::uuid));
        ALTER TABLE events NO FORCE ROW LEVEL SECURITY;
    """)


def downgrade():
    op.execute("""
        DROP TABLE events;
    """)
