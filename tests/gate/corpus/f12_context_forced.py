# row: F12
# verdict: context
# finds: nothing
"""Row security that binds the owner as well."""

from alembic import op

revision = "f12_context_forced"
down_revision = "tables"
branch_labels = None
depends_on = None
phase = "contract"


def upgrade():
    op.execute("ALTER TABLE orders ENABLE ROW LEVEL SECURITY")
    op.execute("ALTER TABLE orders FORCE ROW LEVEL SECURITY")
    op.execute(
        "CREATE POLICY orders_own ON orders"
        " USING (account_id = nullif(current_setting('app.account', TRUE), '')::bigint)"
    )


def downgrade():
    op.execute("DROP POLICY orders_own ON orders")
    op.execute("ALTER TABLE orders NO FORCE ROW LEVEL SECURITY")
    op.execute("ALTER TABLE orders DISABLE ROW LEVEL SECURITY")
