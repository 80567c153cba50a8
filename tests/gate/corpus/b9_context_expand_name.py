# row: B9
# verdict: context
# finds: nothing
"""Expand: a name with something more."""

from alembic import op

revision = "b9_context_expand_name"
down_revision = "tables"
branch_labels = None
depends_on = None


def upgrade():
    op.execute("ALTER TABLE accounts ADD COLUMN note_text text")


def downgrade():
    op.execute("ALTER TABLE accounts DROP COLUMN note_text")
