# row: F4
# verdict: dangerous
# finds: nothing
# seen: owner-passes-policies
"""The owner is who reads it, and its policies do not hold the owner."""

from alembic import op

revision = "f4_dangerous_not_forced"
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
        CREATE POLICY events_isolation ON events
            USING (tenant_id = (SELECT NULLIF(current_setting('app.tenant_id', TRUE), '')::uuid));
    """)


def downgrade():
    op.execute("""
        DROP TABLE events;
    """)
