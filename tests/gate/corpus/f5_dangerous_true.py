# row: F5
# verdict: dangerous
# finds: nothing
# seen: policy-always-true
"""Every row for every clerk."""

from alembic import op

revision = "f5_dangerous_true"
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
        CREATE POLICY events_isolation ON events FOR SELECT TO shop_clerk
            USING (tenant_id = (SELECT NULLIF(current_setting('app.tenant_id', TRUE), '')::uuid));
        CREATE POLICY events_insert ON events FOR INSERT TO shop_clerk WITH CHECK (TRUE);
        GRANT SELECT, INSERT ON events TO shop_clerk;
    """)


def downgrade():
    op.execute("""
        DROP TABLE events;
    """)
