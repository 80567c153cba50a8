# row: A20
# verdict: noted
# finds: nothing
# after: f12_context_forced
# notes: trigger-or-policy-locks
"""A policy more on a table in use."""

from alembic import op

revision = "a20_noted_policy"
down_revision = "f12_context_forced"
branch_labels = None
depends_on = None


def upgrade():
    op.execute(
        "CREATE POLICY orders_read ON orders FOR SELECT"
        " USING (account_id = nullif(current_setting('app.account', TRUE), '')::bigint)"
    )


def downgrade():
    op.execute("DROP POLICY orders_read ON orders")
