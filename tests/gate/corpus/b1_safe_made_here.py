# row: B1
# verdict: safe
# finds: nothing
"""A table that the revision itself made and needs no more."""

from alembic import op

revision = "b1_safe_made_here"
down_revision = "tables"
branch_labels = None
depends_on = None


def upgrade():
    op.execute("CREATE TABLE scratch (id bigint)")
    op.execute("DROP TABLE scratch")


def downgrade():
    op.execute("DROP TABLE IF EXISTS scratch")
