# row: A14
# verdict: safe
# finds: nothing
"""A column, which a job outside the migration fills."""

from alembic import op

revision = "a14_safe_ddl_alone"
down_revision = "tables"
branch_labels = None
depends_on = None


def upgrade():
    op.execute("ALTER TABLE orders ADD COLUMN channel text")


def downgrade():
    op.execute("ALTER TABLE orders DROP COLUMN channel")
