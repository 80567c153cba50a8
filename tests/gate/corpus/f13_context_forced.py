# row: F13
# verdict: context
# finds: nothing
# after: f13_context_enabled
"""Orphans go while they are seen, and then row security binds the owner as well."""

from alembic import op

revision = "f13_context_forced"
down_revision = "f13_context_enabled"
branch_labels = None
depends_on = None
phase = "contract"


def upgrade():
    op.execute(
        "DELETE FROM orders AS o"
        " WHERE NOT EXISTS (SELECT FROM accounts AS a WHERE a.id = o.account_id)"
    )
    op.execute("ALTER TABLE orders FORCE ROW LEVEL SECURITY")


def downgrade():
    op.execute("ALTER TABLE orders NO FORCE ROW LEVEL SECURITY")
