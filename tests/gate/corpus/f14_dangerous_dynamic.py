# row: F14
# verdict: dangerous
# finds: nothing
# seen: granted-to-public
"""A right for everybody, given by SQL that is put together."""

from alembic import op

revision = "f14_dangerous_dynamic"
down_revision = "tables"
branch_labels = None
depends_on = None


def upgrade():
    op.execute("""
        DO $$ DECLARE v_table text; BEGIN
            SELECT 'orders' INTO v_table;
            EXECUTE format('GRANT SELECT ON %I TO %s', v_table, 'PUBLIC');
        END $$;
    """)


def downgrade():
    op.execute("""
        REVOKE SELECT ON orders FROM PUBLIC;
    """)
