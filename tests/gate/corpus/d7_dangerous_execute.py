# row: D7
# verdict: dangerous
# finds: object-dropped
"""A column dropped by EXECUTE of a constant."""

from alembic import op

revision = "d7_dangerous_execute"
down_revision = "tables"
branch_labels = None
depends_on = None


def upgrade():
    op.execute("""
        DO $$
        BEGIN
            EXECUTE 'ALTER TABLE orders DROP COLUMN code';
        END;
        $$
    """)


def downgrade():
    op.execute("ALTER TABLE orders ADD COLUMN code varchar(20)")
