# row: A7
# verdict: dangerous
# finds: type-change-rewrites
"""An integer becomes a bigint."""

import sqlalchemy as sa
from alembic import op

revision = "a7_dangerous_int_to_bigint"
down_revision = "tables"
branch_labels = None
depends_on = None


def upgrade():
    op.alter_column("accounts", "credit", type_=sa.BigInteger)


def downgrade():
    op.alter_column("accounts", "credit", type_=sa.Integer)
