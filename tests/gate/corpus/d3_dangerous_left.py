# row: D3
# verdict: dangerous
# finds: not-valid-left
"""A constraint that nobody validates."""

from alembic import op

revision = "d3_dangerous_left"
down_revision = "tables"
branch_labels = None
depends_on = None
phase = "contract"


def upgrade():
    op.execute("ALTER TABLE accounts ADD CONSTRAINT chk_accounts_name CHECK (name <> '') NOT VALID")


def downgrade():
    op.execute("ALTER TABLE accounts DROP CONSTRAINT chk_accounts_name")
