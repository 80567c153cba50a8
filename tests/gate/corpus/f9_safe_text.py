# row: F9
# verdict: safe
# finds: nothing
"""A text may be empty."""

from alembic import op

revision = "f9_safe_text"
down_revision = "tables"
branch_labels = None
depends_on = None


def upgrade():
    op.execute("""
        DO $$ BEGIN CREATE ROLE shop_clerk; EXCEPTION WHEN duplicate_object THEN NULL; END $$;
        CREATE TABLE events (
            id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
            tenant_id uuid NOT NULL,
            writer text
        );
        ALTER TABLE events ENABLE ROW LEVEL SECURITY;
        ALTER TABLE events FORCE ROW LEVEL SECURITY;
        CREATE POLICY events_own ON events
            USING (writer = (SELECT current_setting('app.user_id', TRUE)::text));
        GRANT SELECT ON events TO shop_clerk;
    """)


def downgrade():
    op.execute("""
        DROP TABLE events;
    """)
