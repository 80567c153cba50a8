# row: F3
# verdict: safe
# finds: nothing
"""A table that is closed to all but its owner."""

from alembic import op

revision = "f3_safe_closed"
down_revision = "tables"
branch_labels = None
depends_on = None


def upgrade():
    op.execute("""
        CREATE TABLE events (
            id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
            tenant_id uuid NOT NULL
        );
        ALTER TABLE events ENABLE ROW LEVEL SECURITY;
    """)


def downgrade():
    op.execute("""
        DROP TABLE events;
    """)
