# row: F5
# verdict: safe
# finds: nothing
"""A role for jobs crosses tenants, and says so."""

from alembic import op

revision = "f5_safe_job"
down_revision = "tables"
branch_labels = None
depends_on = None


def upgrade():
    op.execute("""
        DO $$ BEGIN CREATE ROLE shop_clerk; EXCEPTION WHEN duplicate_object THEN NULL; END $$;
        DO $$ BEGIN CREATE ROLE shop_cleaner; EXCEPTION WHEN duplicate_object THEN NULL; END $$;
        CREATE TABLE events (
            id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
            tenant_id uuid NOT NULL
        );
        ALTER TABLE events ENABLE ROW LEVEL SECURITY;
        ALTER TABLE events FORCE ROW LEVEL SECURITY;
        CREATE POLICY events_isolation ON events TO shop_clerk
            USING (tenant_id = (SELECT NULLIF(current_setting('app.tenant_id', TRUE), '')::uuid));
        CREATE POLICY events_clean ON events FOR DELETE TO shop_cleaner USING (TRUE);
        CREATE POLICY events_see ON events FOR SELECT TO shop_cleaner USING (TRUE);
        GRANT SELECT ON events TO shop_clerk;
        GRANT SELECT, DELETE ON events TO shop_cleaner;
    """)


def downgrade():
    op.execute("""
        DROP TABLE events;
    """)
