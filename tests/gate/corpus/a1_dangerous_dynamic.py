# row: A1
# verdict: dangerous
# finds: index-dropped-not-concurrent, index-not-concurrent
"""An index whose statement format() puts together."""

from alembic import op

revision = "a1_dangerous_dynamic"
down_revision = "tables"
branch_labels = None
depends_on = None


def upgrade():
    op.execute("""
        DO $$
        BEGIN
            EXECUTE format('CREATE INDEX %I ON orders (status)', 'idx_orders_status');
        END;
        $$
    """)


def downgrade():
    op.execute("DROP INDEX idx_orders_status")
