# row: H4
# verdict: dangerous
# finds: nothing
# seen: downgrade-leaves-trace
"""A downgrade that brings back another default."""

from alembic import op

revision = "h4_dangerous_other_default"
down_revision = "tables"
branch_labels = None
depends_on = None


def upgrade():
    op.execute("ALTER TABLE accounts ALTER COLUMN kind SET DEFAULT 'full'")


def downgrade():
    op.execute("ALTER TABLE accounts ALTER COLUMN kind SET DEFAULT 'none'")
