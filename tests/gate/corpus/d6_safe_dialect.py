# row: D6
# verdict: safe
# finds: nothing
"""Imports of SQLAlchemy and the standard library."""

import json

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "d6_safe_dialect"
down_revision = "tables"
branch_labels = None
depends_on = None


def upgrade():
    op.add_column("orders", sa.Column("extra", JSONB, server_default=json.dumps({})))


def downgrade():
    op.drop_column("orders", "extra")
