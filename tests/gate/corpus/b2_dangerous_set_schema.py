# row: B2
# verdict: dangerous
# finds: object-renamed
"""A table in another schema."""

from alembic import op

revision = "b2_dangerous_set_schema"
down_revision = "tables"
branch_labels = None
depends_on = None


def upgrade():
    op.execute("CREATE SCHEMA attic")
    op.execute("ALTER TABLE moods SET SCHEMA attic")


def downgrade():
    op.execute("ALTER TABLE attic.moods SET SCHEMA public")
    op.execute("DROP SCHEMA attic")
