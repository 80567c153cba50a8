# row: F16
# verdict: dangerous
# finds: nothing
# seen: needs-superuser
"""A role that no policy holds can be made by a superuser alone."""

from alembic import op

revision = "f16_dangerous_bypass"
down_revision = "tables"
branch_labels = None
depends_on = None


def upgrade():
    op.execute("""
        CREATE ROLE shop_root SUPERUSER;
    """)


def downgrade():
    op.execute("""
        DROP ROLE shop_root;
    """)
