# row: A9
# verdict: safe
# finds: nothing
# after: a9_safe_using_index_1
"""Then the constraint, which takes the index over."""

from alembic import op

revision = "a9_safe_using_index_2"
down_revision = "a9_safe_using_index_1"
branch_labels = None
depends_on = None
phase = "contract"


def upgrade():
    op.execute(
        "ALTER TABLE accounts ADD CONSTRAINT uq_accounts_email UNIQUE USING INDEX uq_accounts_email"
    )


def downgrade():
    op.execute("ALTER TABLE accounts DROP CONSTRAINT uq_accounts_email")
    with op.get_context().autocommit_block():
        op.execute("DROP INDEX CONCURRENTLY IF EXISTS uq_accounts_email")
        op.execute("CREATE UNIQUE INDEX CONCURRENTLY uq_accounts_email ON accounts (email)")
