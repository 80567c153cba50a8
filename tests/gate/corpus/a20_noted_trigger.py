# row: A20
# verdict: noted
# finds: nothing
# notes: trigger-or-policy-locks
"""A trigger on a table in use."""

from alembic import op

revision = "a20_noted_trigger"
down_revision = "tables"
branch_labels = None
depends_on = None


def upgrade():
    op.execute(
        "CREATE TRIGGER keep BEFORE UPDATE ON orders FOR EACH"
        " ROW EXECUTE FUNCTION suppress_redundant_updates_trigger()"
    )


def downgrade():
    op.execute("DROP TRIGGER keep ON orders")
