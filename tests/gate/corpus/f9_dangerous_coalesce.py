# row: F9
# verdict: dangerous
# finds: nothing
# seen: setting-cast-unguarded
"""COALESCE makes '' of NULL, which is no number either."""

from alembic import op

revision = "f9_dangerous_coalesce"
down_revision = "tables"
branch_labels = None
depends_on = None


def upgrade():
    op.execute("""
        CREATE TABLE notes (
            id bigint PRIMARY KEY,
            shop_id bigint DEFAULT COALESCE(current_setting('app.shop_id', TRUE), '')::bigint
        );
    """)


def downgrade():
    op.execute("""
        DROP TABLE notes;
    """)
