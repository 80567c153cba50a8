# row: F14
# verdict: dangerous
# finds: grant-to-public
"""A right for everybody."""

from alembic import op

revision = "f14_dangerous_public"
down_revision = "tables"
branch_labels = None
depends_on = None


def upgrade():
    op.execute("GRANT SELECT ON orders TO PUBLIC")


def downgrade():
    op.execute("REVOKE SELECT ON orders FROM PUBLIC")
