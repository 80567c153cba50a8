# row: F7
# verdict: noted
# finds: nothing
# notes: setting-read-per-row
"""The setting is asked for each row."""

from alembic import op

revision = "f7_noted_each_row"
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
            USING (tenant_id = NULLIF(current_setting('app.tenant_id', TRUE), '')::uuid);
        GRANT SELECT ON events TO shop_clerk;
    """)


def downgrade():
    op.execute("""
        DROP TABLE events;
    """)
