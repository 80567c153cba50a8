# row: F1
# verdict: safe
# finds: nothing
"""Nobody here uses row level security."""

from alembic import op

revision = "f1_safe_without_row_security"
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
        GRANT SELECT ON events TO shop_clerk;
        CREATE TABLE seats (
            id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
            tenant_id uuid NOT NULL
        );
        GRANT SELECT ON seats TO shop_clerk;
    """)


def downgrade():
    op.execute("""
        DROP TABLE seats;
        DROP TABLE events;
    """)
