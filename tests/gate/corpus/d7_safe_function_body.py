# row: D7
# verdict: safe
# finds: nothing
"""A function whose body names a drop, which nothing runs here."""

from alembic import op

revision = "d7_safe_function_body"
down_revision = "tables"
branch_labels = None
depends_on = None


def upgrade():
    op.execute("""
        CREATE FUNCTION sweep() RETURNS void LANGUAGE plpgsql AS $$
        BEGIN
            DROP TABLE IF EXISTS scratch;
        END;
        $$
    """)


def downgrade():
    op.execute("DROP FUNCTION sweep()")
