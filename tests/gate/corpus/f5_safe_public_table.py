# row: F5
# verdict: safe
# finds: nothing
"""A table that belongs to nobody may be read by all."""

from alembic import op

revision = "f5_safe_public_table"
down_revision = "tables"
branch_labels = None
depends_on = None


def upgrade():
    op.execute("""
        DO $$ BEGIN CREATE ROLE shop_clerk; EXCEPTION WHEN duplicate_object THEN NULL; END $$;
        CREATE TABLE countries (code text PRIMARY KEY);
        ALTER TABLE countries ENABLE ROW LEVEL SECURITY;
        CREATE POLICY countries_read ON countries FOR SELECT USING (TRUE);
        GRANT SELECT ON countries TO shop_clerk;
    """)


def downgrade():
    op.execute("""
        DROP TABLE countries;
    """)
