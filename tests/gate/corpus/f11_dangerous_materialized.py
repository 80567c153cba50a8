# row: F11
# verdict: dangerous
# finds: nothing
# seen: materialized-view-passes-policies
"""Counts of every tenant, for every clerk."""

from alembic import op

revision = "f11_dangerous_materialized"
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
            USING (tenant_id = (SELECT NULLIF(current_setting('app.tenant_id', TRUE), '')::uuid));
        GRANT SELECT ON events TO shop_clerk;
        CREATE MATERIALIZED VIEW event_counts AS SELECT tenant_id, count(*) AS events FROM events GROUP BY tenant_id;
        GRANT SELECT ON event_counts TO shop_clerk;
    """)


def downgrade():
    op.execute("""
        DROP MATERIALIZED VIEW event_counts;
        DROP TABLE events;
    """)
