# row: B4
# verdict: safe
# finds: nothing
"""A permissive policy refuses nobody who was let in."""

from alembic import op

revision = "b4_safe_permissive_policy"
down_revision = "tables"
branch_labels = None
depends_on = None


def upgrade():
    op.execute("CREATE POLICY everybody ON orders USING (status <> '')")


def downgrade():
    op.execute("DROP POLICY everybody ON orders")
