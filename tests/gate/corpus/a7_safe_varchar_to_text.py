# row: A7
# verdict: safe
# finds: nothing
"""A varchar without its limit."""

import sqlalchemy as sa
from alembic import op

revision = "a7_safe_varchar_to_text"
down_revision = "tables"
branch_labels = None
depends_on = None


def upgrade():
    op.alter_column("orders", "code", type_=sa.Text)


def downgrade():
    raise NotImplementedError("a narrower type would rewrite the table")
