# row: F12
# verdict: dangerous
# finds: nothing
# seen: row-writes-hidden
# after: f12_context_forced
"""The same in a DO block."""

from alembic import op

revision = "f12_dangerous_in_do"
down_revision = "f12_context_forced"
branch_labels = None
depends_on = None


def upgrade():
    op.execute("DO $$ BEGIN UPDATE orders SET status = 'old' WHERE placed IS NULL; END $$")


def downgrade():
    pass
