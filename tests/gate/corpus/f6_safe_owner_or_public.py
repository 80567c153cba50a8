# row: F6
# verdict: safe
# finds: nothing
"""A row is for its writer, or for all: no tenant is meant."""

from alembic import op

revision = "f6_safe_owner_or_public"
down_revision = "tables"
branch_labels = None
depends_on = None


def upgrade():
    op.execute("""
        DO $$ BEGIN CREATE ROLE shop_clerk; EXCEPTION WHEN duplicate_object THEN NULL; END $$;
        CREATE TABLE posts (id bigint PRIMARY KEY, writer name NOT NULL, is_public boolean NOT NULL);
        ALTER TABLE posts ENABLE ROW LEVEL SECURITY;
        CREATE POLICY posts_own ON posts USING (writer = CURRENT_USER);
        CREATE POLICY posts_public ON posts FOR SELECT USING (is_public);
        GRANT SELECT ON posts TO shop_clerk;
    """)


def downgrade():
    op.execute("""
        DROP TABLE posts;
    """)
