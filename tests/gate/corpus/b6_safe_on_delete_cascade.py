# row: B6
# verdict: safe
# finds: nothing
"""ON DELETE CASCADE of a foreign key, which is another thing."""

from alembic import op

revision = "b6_safe_on_delete_cascade"
down_revision = "tables"
branch_labels = None
depends_on = None


def upgrade():
    op.execute(
        "CREATE TABLE lines (id bigint PRIMARY KEY, order_id bigint REFERENCES orders (id) ON DELETE CASCADE)"
    )
    op.execute("CREATE INDEX idx_lines_order_id ON lines (order_id)")


def downgrade():
    op.execute("DROP TABLE lines")
