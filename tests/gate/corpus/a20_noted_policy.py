# row: A20
# verdict: noted
# finds: nothing
# notes: trigger-or-policy-locks
"""A policy on a table in use, in which nobody is bound by it."""

from alembic import op

revision = "a20_noted_policy"
down_revision = "tables"
branch_labels = None
depends_on = None


def upgrade():
    op.execute("CREATE POLICY orders_read ON orders FOR SELECT USING (TRUE)")


def downgrade():
    op.execute("DROP POLICY orders_read ON orders")
