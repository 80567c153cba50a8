# row: B4
# verdict: safe
# finds: nothing
"""A rule about a column that old services do not know."""

from alembic import op

revision = "b4_safe_of_new_column"
down_revision = "tables"
branch_labels = None
depends_on = None


def upgrade():
    op.execute("CREATE TABLE stops (id bigint PRIMARY KEY, code text)")
    op.execute("ALTER TABLE stops ADD CONSTRAINT chk_stops_code CHECK (code <> '')")


def downgrade():
    op.execute("DROP TABLE stops")
