# row: A2
# verdict: safe
# finds: nothing
"""An index of a new table, taken back in the same revision."""

from alembic import op

revision = "a2_safe_of_new_table"
down_revision = "tables"
branch_labels = None
depends_on = None


def upgrade():
    op.execute("CREATE TABLE drafts (id bigint PRIMARY KEY, a text)")
    op.execute("CREATE INDEX idx_drafts_a ON drafts (a)")
    op.execute("DROP INDEX idx_drafts_a")


def downgrade():
    op.execute("DROP TABLE drafts")
