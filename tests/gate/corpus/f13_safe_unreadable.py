# row: F13
# verdict: safe
# finds: nothing
# after: f13_context_forced
"""For a role that may not read, the server looks row by row, past row security."""

from alembic import op

revision = "f13_safe_unreadable"
down_revision = "f13_context_forced"
branch_labels = None
depends_on = None


def upgrade():
    op.execute("REVOKE SELECT ON orders FROM CURRENT_ROLE")
    op.execute("SET LOCAL row_security = off")
    op.execute("ALTER TABLE orders VALIDATE CONSTRAINT fk_orders_account")
    op.execute("GRANT SELECT ON orders TO CURRENT_ROLE")


def downgrade():
    raise NotImplementedError("a valid key stays so")
