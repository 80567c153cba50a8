# row: A4
# verdict: safe
# finds: nothing
"""A new column that refers to another table: all its values are NULL."""

from alembic import op

revision = "a4_safe_reference_of_column"
down_revision = "tables"
branch_labels = None
depends_on = None


def upgrade():
    op.execute("ALTER TABLE orders ADD COLUMN parent_id bigint REFERENCES orders (id)")


def downgrade():
    op.execute("ALTER TABLE orders DROP COLUMN parent_id")
