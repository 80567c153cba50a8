# row: F16
# verdict: safe
# finds: nothing
"""The owner of the database makes schemas."""

from alembic import op

revision = "f16_safe_schema"
down_revision = "tables"
branch_labels = None
depends_on = None


def upgrade():
    op.execute("""
        CREATE SCHEMA shop;
        CREATE TABLE shop.hosts (line text PRIMARY KEY);
    """)


def downgrade():
    op.execute("""
        DROP TABLE shop.hosts;
        DROP SCHEMA shop;
    """)
