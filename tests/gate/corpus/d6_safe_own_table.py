# row: D6
# verdict: safe
# finds: nothing
"""A table as the revision needs it."""

import sqlalchemy as sa
from alembic import op

revision = "d6_safe_own_table"
down_revision = "tables"
branch_labels = None
depends_on = None

moods = sa.table("moods", sa.column("id", sa.BigInteger), sa.column("said", sa.Text))


def upgrade():
    op.bulk_insert(moods, [{"id": 1, "said": "hello"}])


def downgrade():
    op.execute("DELETE FROM moods WHERE id = 1")
