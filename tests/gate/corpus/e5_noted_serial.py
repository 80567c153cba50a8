# row: E5
# verdict: noted
# finds: nothing
# notes: serial-column
"""serial."""

from alembic import op

revision = "e5_noted_serial"
down_revision = "tables"
branch_labels = None
depends_on = None


def upgrade():
    op.execute("""
        CREATE TABLE answers (id bigserial PRIMARY KEY);
    """)


def downgrade():
    op.execute("""
        DROP TABLE answers;
    """)
