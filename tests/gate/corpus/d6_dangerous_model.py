# row: D6
# verdict: dangerous
# finds: application-import
"""A revision that imports a model of the application."""

import sqlalchemy as sa
from alembic import op
from shop.models import Order

revision = "d6_dangerous_model"
down_revision = "tables"
branch_labels = None
depends_on = None


def upgrade():
    op.create_table(Order.TABLE, sa.Column("id", sa.BigInteger, primary_key=True))


def downgrade():
    op.drop_table(Order.TABLE)
