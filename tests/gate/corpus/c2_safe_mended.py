# row: C2
# verdict: safe
# finds: nothing
# after: c2_context_not_valid
"""Rows that break the rule are mended by the revision before."""

from alembic import op

revision = "c2_safe_mended"
down_revision = "c2_context_not_valid"
branch_labels = None
depends_on = None


def upgrade():
    op.execute("UPDATE orders SET code = NULL WHERE code = ''")
    with op.get_context().autocommit_block():
        op.execute("ALTER TABLE orders VALIDATE CONSTRAINT chk_orders_code")


def downgrade():
    pass
