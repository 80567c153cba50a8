# row: B4
# verdict: safe
# finds: nothing
# after: f12_context_forced
"""A permissive policy refuses nobody who was let in."""

from alembic import op

revision = "b4_safe_permissive_policy"
down_revision = "f12_context_forced"
branch_labels = None
depends_on = None


def upgrade():
    op.execute(
        "CREATE POLICY everybody ON orders"
        " USING (account_id = nullif(current_setting('app.account', TRUE), '')::bigint AND status <> '')"
    )


def downgrade():
    op.execute("DROP POLICY everybody ON orders")
