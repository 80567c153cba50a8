# row: B1
# verdict: safe
# finds: nothing
"""A view made anew with one column more."""

from alembic import op

revision = "b1_safe_view_made_again"
down_revision = "tables"
branch_labels = None
depends_on = None


def upgrade():
    op.execute("DROP VIEW open_orders")
    op.execute(
        "CREATE VIEW open_orders AS SELECT id, amount, placed FROM orders WHERE status = 'new'"
    )


def downgrade():
    op.execute("DROP VIEW open_orders")
    op.execute("CREATE VIEW open_orders AS SELECT id, amount FROM orders WHERE status = 'new'")
