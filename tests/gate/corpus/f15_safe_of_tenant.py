# row: F15
# verdict: safe
# finds: nothing
"""An address once in each tenant."""

from alembic import op

revision = "f15_safe_of_tenant"
down_revision = "tables"
branch_labels = None
depends_on = None


def upgrade():
    op.execute("""
        DO $$ BEGIN CREATE ROLE shop_clerk; EXCEPTION WHEN duplicate_object THEN NULL; END $$;
        CREATE TABLE guests (
            id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
            tenant_id uuid NOT NULL,
            email text,
            CONSTRAINT uq_guests_email UNIQUE (tenant_id, email)
        );
        ALTER TABLE guests ENABLE ROW LEVEL SECURITY;
        ALTER TABLE guests FORCE ROW LEVEL SECURITY;
        CREATE POLICY guests_isolation ON guests
            USING (tenant_id = (SELECT NULLIF(current_setting('app.tenant_id', TRUE), '')::uuid));
        GRANT SELECT ON guests TO shop_clerk;
    """)


def downgrade():
    op.execute("""
        DROP TABLE guests;
    """)
