# row: F14
# verdict: dangerous
# finds: grant-to-public
"""A right for everybody on whatever comes."""

from alembic import op

revision = "f14_dangerous_default_privileges"
down_revision = "tables"
branch_labels = None
depends_on = None


def upgrade():
    op.execute("ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO PUBLIC")


def downgrade():
    op.execute("ALTER DEFAULT PRIVILEGES REVOKE SELECT ON TABLES FROM PUBLIC")
