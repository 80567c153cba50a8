# row: F11
# verdict: dangerous
# finds: nothing
# seen: view-passes-policies
"""A view that runs as its owner, whom no policy holds."""

from alembic import op

revision = "f11_dangerous_view"
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
        CREATE POLICY events_isolation ON events
            USING (tenant_id = (SELECT NULLIF(current_setting('app.tenant_id', TRUE), '')::uuid));
        GRANT SELECT ON events TO shop_clerk;
        CREATE VIEW open_events AS SELECT id FROM events;
        GRANT SELECT ON open_events TO shop_clerk;
    """)


def downgrade():
    op.execute("""
        DROP VIEW open_events;
        DROP TABLE events;
    """)
