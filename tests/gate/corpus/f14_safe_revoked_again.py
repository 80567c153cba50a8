# row: F14
# verdict: safe
# finds: nothing
"""Given and taken back."""

from alembic import op

revision = "f14_safe_revoked_again"
down_revision = "tables"
branch_labels = None
depends_on = None


def upgrade():
    op.execute("""
        CREATE TABLE countries (code text PRIMARY KEY);
        REVOKE ALL ON countries FROM PUBLIC;
    """)


def downgrade():
    op.execute("""
        DROP TABLE countries;
    """)
