# row: B8
# verdict: safe
# finds: nothing
"""A view with one column more at its end."""

from alembic import op

revision = "b8_safe_view_with_more"
down_revision = "tables"
branch_labels = None
depends_on = None


def upgrade():
    op.execute(
        "CREATE OR REPLACE VIEW open_orders AS SELECT id, amount, placed FROM orders WHERE status = 'new'"
    )


def downgrade():
    op.execute("DROP VIEW open_orders")
    op.execute("CREATE VIEW open_orders AS SELECT id, amount FROM orders WHERE status = 'new'")
