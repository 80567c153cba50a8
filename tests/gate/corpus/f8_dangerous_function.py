# row: F8
# verdict: dangerous
# finds: nothing
# seen: setting-name-differs
"""A policy that reads another setting than the function for it."""

from alembic import op

revision = "f8_dangerous_function"
down_revision = "tables"
branch_labels = None
depends_on = None


def upgrade():
    op.execute("""
        DO $$ BEGIN CREATE ROLE shop_clerk; EXCEPTION WHEN duplicate_object THEN NULL; END $$;
        CREATE FUNCTION my_tenant() RETURNS uuid LANGUAGE sql STABLE
            RETURN NULLIF(current_setting('app.tenant', TRUE), '')::uuid;
        CREATE TABLE events (
            id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
            tenant_id uuid NOT NULL
        );
        ALTER TABLE events ENABLE ROW LEVEL SECURITY;
        ALTER TABLE events FORCE ROW LEVEL SECURITY;
        CREATE POLICY events_isolation ON events USING (tenant_id = (SELECT my_tenant()));
        GRANT SELECT ON events TO shop_clerk;
        CREATE TABLE seats (
            id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
            tenant_id uuid NOT NULL
        );
        ALTER TABLE seats ENABLE ROW LEVEL SECURITY;
        ALTER TABLE seats FORCE ROW LEVEL SECURITY;
        CREATE POLICY seats_isolation ON seats
            USING (tenant_id = (SELECT NULLIF(current_setting('app.tenant_id', TRUE), '')::uuid));
        GRANT SELECT ON seats TO shop_clerk;
    """)


def downgrade():
    op.execute("""
        DROP TABLE seats;
        DROP TABLE events;
        DROP FUNCTION my_tenant();
    """)
