# row: F6
# verdict: dangerous
# finds: nothing
# seen: permissive-policies-ored
"""Policies by role, of which one forgets the tenant."""

from alembic import op

revision = "f6_dangerous_five"
down_revision = "tables"
branch_labels = None
depends_on = None


def upgrade():
    op.execute("""
        DO $$ BEGIN CREATE ROLE shop_clerk; EXCEPTION WHEN duplicate_object THEN NULL; END $$;
        CREATE TABLE events (
            id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
            tenant_id uuid NOT NULL,
            owner name
        );
        ALTER TABLE events ENABLE ROW LEVEL SECURITY;
        ALTER TABLE events FORCE ROW LEVEL SECURITY;
        CREATE POLICY events_isolation ON events TO shop_clerk
            USING (tenant_id = (SELECT NULLIF(current_setting('app.tenant_id', TRUE), '')::uuid));
        CREATE POLICY events_owner ON events TO shop_clerk USING (owner = CURRENT_USER);
        GRANT SELECT, UPDATE ON events TO shop_clerk;
    """)


def downgrade():
    op.execute("""
        DROP TABLE events;
    """)
