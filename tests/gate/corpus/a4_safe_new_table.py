# row: A4
# verdict: safe
# finds: nothing
"""A table that is born with its constraints."""

from alembic import op

revision = "a4_safe_new_table"
down_revision = "tables"
branch_labels = None
depends_on = None


def upgrade():
    op.execute("""
        CREATE TABLE payments (
            id bigint PRIMARY KEY,
            order_id bigint REFERENCES orders (id),
            cents bigint NOT NULL CHECK (cents > 0)
        );
        CREATE INDEX idx_payments_order_id ON payments (order_id);
    """)


def downgrade():
    op.execute("DROP TABLE payments")
