# row: B8
# verdict: dangerous
# finds: view-contract-changed
"""A view made anew without one of its columns."""

from alembic import op

revision = "b8_dangerous_view"
down_revision = "tables"
branch_labels = None
depends_on = None


def upgrade():
    op.execute("DROP VIEW open_orders")
    op.execute("CREATE VIEW open_orders AS SELECT id FROM orders WHERE status = 'new'")


def downgrade():
    op.execute("DROP VIEW open_orders")
    op.execute("CREATE VIEW open_orders AS SELECT id, amount FROM orders WHERE status = 'new'")
