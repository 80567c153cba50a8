# row: B4
# verdict: dangerous
# finds: write-restricted
# after: f12_context_forced
"""A restrictive policy on a table in use."""

from alembic import op

revision = "b4_dangerous_restrictive_policy"
down_revision = "f12_context_forced"
branch_labels = None
depends_on = None


def upgrade():
    op.execute("CREATE POLICY only_new ON orders AS RESTRICTIVE USING (status = 'new')")


def downgrade():
    op.execute("DROP POLICY only_new ON orders")
