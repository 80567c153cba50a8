# row: A9
# verdict: safe
# finds: nothing
"""The index first, while the table is written."""

from alembic import op

revision = "a9_safe_using_index_1"
down_revision = "tables"
branch_labels = None
depends_on = None
phase = "contract"


def upgrade():
    op.execute(
        "DELETE FROM accounts AS a USING accounts AS b WHERE a.email = b.email AND a.id > b.id"
    )
    with op.get_context().autocommit_block():
        op.execute("DROP INDEX CONCURRENTLY IF EXISTS uq_accounts_email")
        op.execute("CREATE UNIQUE INDEX CONCURRENTLY uq_accounts_email ON accounts (email)")


def downgrade():
    with op.get_context().autocommit_block():
        op.execute("DROP INDEX CONCURRENTLY IF EXISTS uq_accounts_email")
