# row: D3
# verdict: safe
# finds: nothing
"""A constraint that the next transaction validates."""

from alembic import op

revision = "d3_safe_validated"
down_revision = "tables"
branch_labels = None
depends_on = None
phase = "contract"


def upgrade():
    op.execute("UPDATE accounts SET name = '?' WHERE name = ''")
    op.execute("ALTER TABLE accounts DROP CONSTRAINT IF EXISTS chk_accounts_name")
    op.execute("ALTER TABLE accounts ADD CONSTRAINT chk_accounts_name CHECK (name <> '') NOT VALID")
    with op.get_context().autocommit_block():
        op.execute("ALTER TABLE accounts VALIDATE CONSTRAINT chk_accounts_name")


def downgrade():
    op.execute("ALTER TABLE accounts DROP CONSTRAINT chk_accounts_name")
