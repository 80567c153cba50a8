# row: C1
# verdict: dangerous
# finds: may-fail-on-duplicates
"""A unique index over an expression."""

from alembic import op

revision = "c1_dangerous_expression"
down_revision = "tables"
branch_labels = None
depends_on = None
phase = "contract"


def upgrade():
    with op.get_context().autocommit_block():
        op.execute("DROP INDEX CONCURRENTLY IF EXISTS uq_accounts_email")
        op.execute("CREATE UNIQUE INDEX CONCURRENTLY uq_accounts_email ON accounts (lower(email))")


def downgrade():
    with op.get_context().autocommit_block():
        op.execute("DROP INDEX CONCURRENTLY IF EXISTS uq_accounts_email")
