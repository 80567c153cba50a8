# row: F16
# verdict: dangerous
# finds: nothing
# seen: needs-superuser
"""The server's files are for a superuser."""

from alembic import op

revision = "f16_dangerous_file"
down_revision = "tables"
branch_labels = None
depends_on = None


def upgrade():
    op.execute("""
        CREATE TABLE hosts (line text PRIMARY KEY);
        COPY hosts FROM '/etc/hostname';
    """)


def downgrade():
    op.execute("""
        DROP TABLE hosts;
    """)
