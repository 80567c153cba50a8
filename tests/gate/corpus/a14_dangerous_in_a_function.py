# row: A14
# verdict: dangerous
# finds: nothing
# seen: backfills-with-ddl
"""The same, where no text shows it."""

from alembic import op

revision = "a14_dangerous_in_a_function"
down_revision = "tables"
branch_labels = None
depends_on = None


def upgrade():
    op.execute("""
        CREATE FUNCTION fill() RETURNS void LANGUAGE plpgsql AS $$
        BEGIN
            ALTER TABLE orders ADD COLUMN channel text;
            UPDATE orders SET channel = 'web';
        END;
        $$
    """)
    op.execute("SELECT fill()")
    op.execute("DROP FUNCTION fill()")


def downgrade():
    op.execute("ALTER TABLE orders DROP COLUMN channel")
