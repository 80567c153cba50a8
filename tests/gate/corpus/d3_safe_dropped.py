# row: D3
# verdict: safe
# finds: nothing
"""A constraint that goes again."""

from alembic import op

revision = "d3_safe_dropped"
down_revision = "tables"
branch_labels = None
depends_on = None
phase = "contract"


def upgrade():
    op.execute("ALTER TABLE accounts ADD CONSTRAINT chk_accounts_name CHECK (name <> '') NOT VALID")
    op.execute("ALTER TABLE accounts DROP CONSTRAINT chk_accounts_name")


def downgrade():
    op.execute("ALTER TABLE accounts DROP CONSTRAINT IF EXISTS chk_accounts_name")
