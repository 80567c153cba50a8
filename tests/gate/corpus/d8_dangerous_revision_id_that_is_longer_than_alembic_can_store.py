# row: D8
# verdict: dangerous
# finds: revision-id-too-long
# seen: upgrade-fails
"""A revision identifier that does not fit."""

from alembic import op

revision = "d8_dangerous_revision_id_that_is_longer_than_alembic_can_store"
down_revision = "tables"
branch_labels = None
depends_on = None


def upgrade():
    op.execute("ALTER TABLE orders ADD COLUMN channel text")


def downgrade():
    op.execute("ALTER TABLE orders DROP COLUMN channel")
