# row: A9
# verdict: dangerous
# finds: unique-not-using-index
# seen: fails-on-violations
# after: a9_safe_using_index_1
"""A primary key by an index over a column that may be NULL."""

from alembic import op

revision = "a9_dangerous_nullable_key"
down_revision = "a9_safe_using_index_1"
branch_labels = None
depends_on = None
phase = "contract"


def upgrade():
    op.execute("ALTER TABLE accounts DROP CONSTRAINT accounts_pkey")
    op.execute(
        "ALTER TABLE accounts ADD CONSTRAINT pk_accounts PRIMARY KEY USING INDEX uq_accounts_email"
    )


def downgrade():
    raise NotImplementedError("restore a backup")
