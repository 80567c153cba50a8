# row: F16
# verdict: safe
# finds: nothing
"""A plain role can be made by a role that may make roles."""

from alembic import op

revision = "f16_safe_role"
down_revision = "tables"
branch_labels = None
depends_on = None


def upgrade():
    op.execute("""
        DO $$ BEGIN CREATE ROLE shop_clerk; EXCEPTION WHEN duplicate_object THEN NULL; END $$;
    """)


def downgrade():
    op.execute("""
        SELECT 1;
    """)
