# row: F1
# verdict: dangerous
# finds: nothing
# seen: tenant-table-unguarded
"""One of two."""

from alembic import op

revision = "f1_dangerous_one_of_two"
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
        CREATE TABLE prices (
            id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
            tenant_id uuid NOT NULL
        );
        GRANT SELECT, INSERT ON prices TO shop_clerk;
    """)


def downgrade():
    op.execute("""
        DROP TABLE prices;
        DROP TABLE events;
    """)
