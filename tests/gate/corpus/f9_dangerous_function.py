# row: F9
# verdict: dangerous
# finds: nothing
# seen: setting-cast-unguarded
"""The same in a function that policies call."""

from alembic import op

revision = "f9_dangerous_function"
down_revision = "tables"
branch_labels = None
depends_on = None


def upgrade():
    op.execute("""
        CREATE FUNCTION my_tenant() RETURNS uuid LANGUAGE plpgsql STABLE AS $$
        BEGIN
            RETURN CAST(current_setting('app.tenant_id', TRUE) AS uuid);
        END $$;
    """)


def downgrade():
    op.execute("""
        DROP FUNCTION my_tenant();
    """)
