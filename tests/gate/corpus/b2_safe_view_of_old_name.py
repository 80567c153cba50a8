# row: B2
# verdict: safe
# finds: nothing
"""A table renamed behind a view of its old name."""

from alembic import op

revision = "b2_safe_view_of_old_name"
down_revision = "tables"
branch_labels = None
depends_on = None


def upgrade():
    op.execute("ALTER TABLE moods RENAME TO feelings")
    op.execute("CREATE VIEW moods AS SELECT id, mood, said FROM feelings")


def downgrade():
    op.execute("DROP VIEW moods")
    op.execute("ALTER TABLE feelings RENAME TO moods")
