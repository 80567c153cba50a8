# row: A1
# verdict: dangerous
# finds: index-dropped-not-concurrent, index-not-concurrent
"""An index that a DO block builds when it is not there."""

from alembic import op

revision = "a1_dangerous_in_do_block"
down_revision = "tables"
branch_labels = None
depends_on = None


def upgrade():
    op.execute("""
        DO $$
        BEGIN
            IF to_regclass('idx_orders_code') IS NULL THEN
                CREATE INDEX idx_orders_code ON orders (code);
            END IF;
        END;
        $$
    """)


def downgrade():
    op.execute("DROP INDEX idx_orders_code")
