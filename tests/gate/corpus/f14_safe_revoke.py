# row: F14
# verdict: safe
# finds: nothing
"""A right taken from everybody."""

from alembic import op

revision = "f14_safe_revoke"
down_revision = "tables"
branch_labels = None
depends_on = None


def upgrade():
    op.execute("REVOKE ALL ON orders FROM PUBLIC")


def downgrade():
    op.execute("GRANT ALL ON orders TO CURRENT_USER")
