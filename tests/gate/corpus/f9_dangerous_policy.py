# row: F9
# verdict: dangerous
# finds: nothing
# seen: setting-cast-unguarded
"""'' is no uuid."""

from alembic import op

revision = "f9_dangerous_policy"
down_revision = "tables"
branch_labels = None
depends_on = None


def upgrade():
    op.execute("""
        DO $$ BEGIN CREATE ROLE shop_clerk; EXCEPTION WHEN duplicate_object THEN NULL; END $$;
        CREATE TABLE events (
            id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
            tenant_id uuid NOT NULL
        );
        ALTER TABLE events ENABLE ROW LEVEL SECURITY;
        ALTER TABLE events FORCE ROW LEVEL SECURITY;
        CREATE POLICY events_isolation ON events
            USING (tenant_id = (SELECT current_setting('app.tenant_id', TRUE)::uuid));
        GRANT SELECT ON events TO shop_clerk;
    """)


def downgrade():
    op.execute("""
        DROP TABLE events;
    """)
