# row: B9
# verdict: safe
# finds: nothing
# after: b9_context_expand
"""Contract, in the release after the expand."""

from alembic import op

revision = "b9_safe_next_release"
down_revision = "b9_context_expand"
branch_labels = None
depends_on = None
phase = "contract"


def upgrade():
    with op.get_context().autocommit_block():
        op.execute("UPDATE orders SET state = code WHERE id BETWEEN 1 AND 1000")
    op.execute("ALTER TABLE orders DROP COLUMN code")


def downgrade():
    op.execute("ALTER TABLE orders ADD COLUMN code varchar(20)")
