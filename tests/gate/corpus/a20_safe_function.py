# row: A20
# verdict: safe
# finds: nothing
"""Another body for a function that triggers may call: no table is locked."""

from alembic import op

revision = "a20_safe_function"
down_revision = "tables"
branch_labels = None
depends_on = None


def upgrade():
    op.execute("""
        CREATE FUNCTION keep() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            RETURN new;
        END
        $$
    """)


def downgrade():
    op.execute("DROP FUNCTION keep()")
