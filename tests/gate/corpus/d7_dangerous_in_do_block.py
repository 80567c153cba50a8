# row: D7
# verdict: dangerous
# finds: object-dropped
"""A column dropped inside a DO block."""

from alembic import op

revision = "d7_dangerous_in_do_block"
down_revision = "tables"
branch_labels = None
depends_on = None


def upgrade():
    op.execute("""
        DO $$
        BEGIN
            ALTER TABLE orders DROP COLUMN code;
        END;
        $$
    """)


def downgrade():
    op.execute("ALTER TABLE orders ADD COLUMN code varchar(20)")
