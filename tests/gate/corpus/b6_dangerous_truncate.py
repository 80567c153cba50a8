# row: B6
# verdict: dangerous
# finds: cascade
"""TRUNCATE … CASCADE."""

from alembic import op

revision = "b6_dangerous_truncate"
down_revision = "tables"
branch_labels = None
depends_on = None
phase = "contract"


def upgrade():
    op.execute("TRUNCATE accounts CASCADE")


def downgrade():
    pass
